"""Layers that Keras does not have, one idea a file."""

from ganzoo.layers.attention import SelfAttention
from ganzoo.layers.conditional_batch_norm import ConditionalBatchNormalization
from ganzoo.layers.label_map import LabelMap
from ganzoo.layers.packing import Packing
from ganzoo.layers.projection import Projection
from ganzoo.layers.spectral import SpectralConv2D, SpectralDense, SpectralEmbedding

__all__ = [
    "ConditionalBatchNormalization",
    "LabelMap",
    "Packing",
    "Projection",
    "SelfAttention",
    "SpectralConv2D",
    "SpectralDense",
    "SpectralEmbedding",
]
