"""Measures of samples against data."""

from ganzoo.metrics.sliced_wasserstein import sliced_wasserstein

__all__ = ["sliced_wasserstein"]
