"""Evaluation metrics, which take images as arrays, datasets or folders, or take features."""

from ganzoo.metrics.bleu import bleu
from ganzoo.metrics.cache import real_features, real_moments, sample_features
from ganzoo.metrics.diversity import (
    lpips_diversity,
    ms_ssim,
    ms_ssim_diversity,
    pairwise_distance,
)
from ganzoo.metrics.features import extract, extractor, moments
from ganzoo.metrics.frechet import fid, fid_infinity, frechet_distance
from ganzoo.metrics.inception_score import inception_score
from ganzoo.metrics.kid import kid
from ganzoo.metrics.learned_perceptual import LPIPS, lpips
from ganzoo.metrics.modes import class_histogram, histogram_kl, mixture_modes, stacked_modes
from ganzoo.metrics.moments import Moments
from ganzoo.metrics.neighbours import copied, nearest
from ganzoo.metrics.path_length import perceptual_path_length
from ganzoo.metrics.precision_recall import density_coverage, prdc, precision_recall
from ganzoo.metrics.similarity import l1, ssim
from ganzoo.metrics.sliced_wasserstein import sliced_wasserstein
from ganzoo.metrics.spaces import Space, register

__all__ = [
    "LPIPS",
    "Moments",
    "Space",
    "bleu",
    "class_histogram",
    "copied",
    "density_coverage",
    "extract",
    "extractor",
    "fid",
    "fid_infinity",
    "frechet_distance",
    "histogram_kl",
    "inception_score",
    "kid",
    "l1",
    "lpips",
    "lpips_diversity",
    "mixture_modes",
    "moments",
    "ms_ssim",
    "ms_ssim_diversity",
    "nearest",
    "pairwise_distance",
    "perceptual_path_length",
    "prdc",
    "precision_recall",
    "real_features",
    "real_moments",
    "register",
    "sample_features",
    "sliced_wasserstein",
    "ssim",
    "stacked_modes",
]
