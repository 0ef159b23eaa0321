"""From a recipe to a finished run: the recipe, its hyperparameters, backends and run directory.

Imports games, data, metrics and callbacks; `publishing`, `cli` and `train.py` import it.
"""
