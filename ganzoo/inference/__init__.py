"""What comes out of a training, is exported as a SavedModel, and draws: images, text, pictures.

Imports `engine` and `random`; games, callbacks, the zoo and the commands import it.
"""
