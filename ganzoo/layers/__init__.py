"""Layers that Keras does not have, one idea per file."""

from ganzoo.layers.alias_free_conv import AliasFreeConv2D
from ganzoo.layers.aligned_upsampling import AlignedUpSampling2D
from ganzoo.layers.attention import SelfAttention
from ganzoo.layers.batch_norm import BatchNormalization
from ganzoo.layers.biased_leaky import BiasedLeakyReLU
from ganzoo.layers.blur import Blur
from ganzoo.layers.codes import Codes
from ganzoo.layers.conditional_batch_norm import ConditionalBatchNormalization
from ganzoo.layers.equalized import EqualizedConv2D, EqualizedDense
from ganzoo.layers.fourier_input import FourierInput
from ganzoo.layers.glu import GatedLinearUnit
from ganzoo.layers.grouped_conv import GroupedConv2D
from ganzoo.layers.highway import Highway
from ganzoo.layers.label_map import LabelMap
from ganzoo.layers.learned_constant import LearnedConstant
from ganzoo.layers.minibatch_discrimination import MinibatchDiscrimination
from ganzoo.layers.minibatch_stddev import MinibatchStddev
from ganzoo.layers.modulated_conv import ModulatedConv2D
from ganzoo.layers.noise import NoiseInjection
from ganzoo.layers.packing import Packing
from ganzoo.layers.pixel_norm import PixelNorm
from ganzoo.layers.pixel_shuffle import PixelShuffle
from ganzoo.layers.projection import Projection
from ganzoo.layers.resample import Resample
from ganzoo.layers.sampling_dropout import SamplingDropout
from ganzoo.layers.spectral import (
    SpectralConv2D,
    SpectralConv2DTranspose,
    SpectralDense,
    SpectralEmbedding,
)
from ganzoo.layers.standing_batch_norm import StandingBatchNorm
from ganzoo.layers.styled_conv import StyledConv2D
from ganzoo.layers.truncation import Truncation
from ganzoo.layers.virtual_batch_norm import (
    ReferenceBatch,
    VirtualBatchNormalization,
    WithoutReference,
)
from ganzoo.layers.weight_norm import WeightNormDense

__all__ = [
    "AliasFreeConv2D",
    "AlignedUpSampling2D",
    "BatchNormalization",
    "BiasedLeakyReLU",
    "Blur",
    "Codes",
    "ConditionalBatchNormalization",
    "EqualizedConv2D",
    "EqualizedDense",
    "FourierInput",
    "GatedLinearUnit",
    "GroupedConv2D",
    "Highway",
    "LabelMap",
    "LearnedConstant",
    "MinibatchDiscrimination",
    "MinibatchStddev",
    "ModulatedConv2D",
    "NoiseInjection",
    "Packing",
    "PixelNorm",
    "PixelShuffle",
    "Projection",
    "ReferenceBatch",
    "Resample",
    "SamplingDropout",
    "SelfAttention",
    "SpectralConv2D",
    "SpectralConv2DTranspose",
    "SpectralDense",
    "SpectralEmbedding",
    "StandingBatchNorm",
    "StyledConv2D",
    "Truncation",
    "VirtualBatchNormalization",
    "WeightNormDense",
    "WithoutReference",
]
