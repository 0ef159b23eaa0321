"""The environment variables that GanZoo reads, for `ganzoo --help` and docs/reference.md."""

VARIABLES = {
    "GANZOO_HOME": "Folder of the cache: downloaded and imported generators, and data. By default "
    "~/.cache/ganzoo.",
    "GANZOO_DATA": "Folder of imported data sets and feature networks. By default data/ in the "
    "cache.",
    "GANZOO_MIRROR": "Address of a copy of saved_models/ that generators are downloaded from: "
    "https://... or file:///...",
    "GANZOO_OFFLINE": "1 disables downloads of generators, except from a file:/// address.",
}
