"""From a finished run to an entry of the zoo: all that writes in `models/`, `saved_models/`, docs.

Imports `training`, `evaluation` and the zoo; only `cli` imports it.
"""
