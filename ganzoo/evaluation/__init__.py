"""Samples measured against data: which figures there are, how one is taken, and their tables.

Imports data, metrics and the zoo; `publishing` and `cli` import it.
"""
