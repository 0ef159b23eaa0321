"""Other people's trained networks come in here: readers of their files, and one family a network.

`readers` turn a file into named tensors and execute nothing of it. `families` says which networks
are known, how one is recognized by the names of its tensors, and how these become the weights of a
network of `ganzoo.networks.published`. `entry` makes of it an entry of the local zoo.

`readers` imports nothing but `errors`, and `metrics` reads Inception's weights by it; the rest
imports `networks`, `inference` and `zoo`, and is imported by the commands.
"""
