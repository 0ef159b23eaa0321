"""What a game runs on: batches, sides, pixels, distribution, parts by name, files written whole.

Imports nothing of GanZoo but `errors` and `random`; everything else may import it.
"""
