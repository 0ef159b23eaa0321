"""Other people's trained networks come in here: readers of their files, and one family a network.

`readers` turn a file into named arrays and execute nothing of it. `families` says which networks
are known, how each is recognized by the names of its arrays, and how these become the weights of a
network of `networks.published`. `network` does it for a file.

`readers` imports nothing but `errors`; the rest imports `networks` and `inference`. Imported by
`metrics`, which reads Inception's weights by it, by `zoo`, which keeps what was imported, and by
the commands.
"""
