"""The latent space of a generator: its codes, and what they draw."""

import functools
import hashlib
from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from ganzoo.errors import InputError, unknown
from ganzoo.inference import judging
from ganzoo.inference.codes import Codes
from ganzoo.layers.noise import NOISES
from ganzoo.layers.noise import noise as noise_of
from ganzoo.networks import stylegan2

AVERAGED = 4096  # latents whose styles are averaged


class LatentSpace:
    """The part of a `Sampler` that knows its latent space, "w" or "z"; see `codes`."""

    @property
    def space(self) -> str:
        """The space of its codes: "w", the styles of each layer, or "z", the latents."""
        return "w" if stylegan2.has_styles(self.network) else "z"

    @functools.cached_property
    def fingerprint(self) -> str:
        """Twelve digits that tell its weights from those of others."""
        weights = self.network.weights
        some = [weights[0], weights[len(weights) // 2], weights[-1]] if weights else []
        data = b"".join(np.ascontiguousarray(weight).tobytes() for weight in some)
        return hashlib.sha256(data).hexdigest()[:12]

    def codes(
        self, num=None, seed=0, *, seeds=None, labels=None, truncation=None, cutoff=None,
        rejection=None, refine=None,
    ) -> Codes:  # fmt: skip
        """Returns the codes of random samples, those that `sample` draws with the same arguments.

        Args:
            num: Number of samples.
            seed: Integer.
            seeds: A list of seeds, of one sample each, in place of `num` and `seed`.
            labels: As in `sample`.
            truncation: As in `sample`.
            cutoff: Number of the first layers that a truncation changes, of a generator with
                styles; by default all.
            rejection: Percentile of `judging.accepted`, by which the critic refuses samples.
            refine: Number of steps of `judging.refined`, by which the critic improves samples.

        Raises:
            InputError: If an argument does not fit the generator.
        """
        of_latents = None if self.keeps_latents else truncation
        if seeds is None:
            latents, labels = self._inputs(num, seed, labels, of_latents, None, 1)
        else:
            latents = np.concatenate([self.latents(1, each, of_latents) for each in seeds])
            if labels is None and self.conditional:
                labels = np.concatenate([self.labels(1, each) for each in seeds])
        if (rejection, refine) != (None, None):
            if truncation is not None:
                raise InputError("truncation: omit it where the critic chooses the latents.")
            labels = None if labels is None else np.asarray(labels, "int32")
        if rejection is not None:
            if seeds is not None:
                raise InputError("rejection: expected num and seed, since it draws many for one.")
            latents = judging.accepted(self, len(latents), seed, labels, rejection)
        if refine is not None:
            latents = judging.refined(self, latents, labels, refine, seed)
        return self.codes_of(latents, labels, truncation, cutoff)

    def codes_of(self, latents, labels=None, truncation=None, cutoff=None) -> Codes:
        """Returns the codes of latents; see `codes`.

        In the space "z", latents that are to be truncated must be so already.
        """
        latents, labels = self._inputs(None, 0, labels, None, latents, 1)
        labels = None if labels is None else np.asarray(labels, "int32")
        codes = Codes(np.asarray(latents, "float32"), "z", self.fingerprint, labels)
        if self.space == "w":
            codes.values, codes.space = self.map(latents, labels, truncation, cutoff), "w"
        return codes

    def map(self, latents, labels=None, truncation=None, cutoff=None) -> np.ndarray:
        """Maps latents to the styles of each layer.

        Args:
            latents: (N, latent_dim).
            labels: Classes (N,), if the generator takes labels.
            truncation: Factor by which styles differ from their average: below 1, images are better
                but less diverse (Karras et al., 2019, arXiv:1812.04948, appendix B).
            cutoff: Number of the first layers that are truncated; by default all.

        Returns:
            float32 (N, L, D).

        Raises:
            InputError: If the generator has no mapping, or an argument does not fit it.
        """
        mapping, _, count = stylegan2.halves(self.network)
        both = self._inputs(None, 0, labels, None, latents, 1)
        inputs = [ops.convert_to_tensor(one) for one in both if one is not None]
        w = np.asarray(mapping(inputs if self.conditional else inputs[0]))
        styles = np.repeat(w[:, None], count, axis=1)
        if truncation is not None:
            if truncation <= 0:
                raise InputError(f"expected truncation > 0, got {truncation}")
            average, first = np.asarray(self._average_style()), styles[:, :cutoff]
            styles[:, :cutoff] = average + truncation * (first - average)
        return styles

    def synthesize(self, codes, labels=None, *, noise=None, seed=0, batch_size=None) -> np.ndarray:
        """Draws the images of codes.

        Args:
            codes: `Codes` of this generator; or an array: styles (N, L, D) of the space "w",
                latents (N, D) of the space "z".
            labels: Classes (N,), in the space "z" of a generator that takes labels; by default
                those of the codes. Between classes, what the network has learned of each is mixed.
            noise: "const", "random" or "none", in layers that add noise; by default the maps of the
                codes, if they have some, or what the network was made with.
            seed: Integer seed of random noise.
            batch_size: Images generated at a time.

        Returns:
            uint8 (N, H, W, C).

        Raises:
            InputError: If the codes are of another generator, or do not fit.
        """
        if not isinstance(codes, Codes):
            codes = Codes(np.asarray(codes, "float32"), self.space, self.fingerprint)
        codes.check(self.fingerprint, self.space)
        if noise not in (None, *NOISES):
            raise unknown("noise", noise, NOISES)
        batch_size = self.batch_size if batch_size is None else batch_size
        if self.space == "w":
            _, network, count = stylegan2.halves(self.network)
            expected, inputs = (count, network.input_shape[2]), [codes.values]
        else:
            network, expected = self, (self.latent_dim,)
            labels = codes.labels if labels is None else labels
            if np.ndim(labels) == 2:
                with noise_of(noise):
                    return self._between(codes, np.asarray(labels, "float32"), seed)
            inputs = self._inputs_of(codes, labels)
        if noise is None and codes.noise:
            names, plain = list(codes.noise), network
            inputs = [*inputs, *codes.noise.values()]

            def network(inputs):
                others, drawn = inputs[: -len(names)], inputs[-len(names) :]
                with noise_of(dict(zip(names, drawn, strict=True))):
                    return plain(others if len(others) > 1 else others[0])

        if codes.values.shape[1:] != expected:
            shape = ", ".join(map(str, expected))
            raise InputError(f"expected codes of shape (N, {shape}), got {codes.values.shape}.")
        with noise_of(noise):
            return self._drawn(inputs, seed, batch_size, network)

    def _between(self, codes: Codes, shares: np.ndarray, seed: int) -> np.ndarray:
        """Draws images between classes: each embedding is the mean of those of the classes.

        Args:
            codes: Codes of the space "z".
            shares: Shares of the first K classes, (N, K).
            seed: Integer seed of random noise.

        Raises:
            InputError: If the network has no embeddings of classes.
        """
        count = self.num_classes
        layers = self.network._flatten_layers()
        embeddings = [layer for layer in layers if isinstance(layer, keras.layers.Embedding)]
        tables = [layer.embeddings for layer in embeddings if layer.input_dim == count]
        if not tables or shares.shape[1] > count:
            raise InputError(
                "this generator has no points between two classes: give all seeds one class, "
                "--labels=3."
            )
        pieces = []
        for start in range(0, len(codes), count):
            part = np.zeros((count, count), "float32")
            given = shares[start : start + count]
            part[: len(given), : given.shape[1]] = given
            mixed = [(table, ops.matmul(part, table.value)) for table in tables]
            inputs = self._inputs_of(codes[start : start + count], np.arange(len(given)))
            with keras.StatelessScope(state_mapping=mixed):
                pieces.append(self._drawn(inputs, seed, count))
        return np.concatenate(pieces)

    def drawer(self, codes: Codes) -> Callable:
        """Returns a function from the values of codes to images, through which gradients flow.

        Args:
            codes: `Codes` of this generator, whose classes and truncation the images have.

        Returns:
            Function of values (N, ...), and noise maps by layer or None, that returns images in
            [-1, 1], float32 (N, H, W, C). In the space "w" it also takes one style for all layers,
            (N, 1, D).
        """
        if codes.space == "w":
            _, synthesis, count = stylegan2.halves(self.network)

            def draw(values, noise=None):
                styles = values if values.shape[1] == count else ops.repeat(values, count, axis=1)
                with noise_of(noise):
                    return ops.cast(synthesis(styles), "float32")

            return draw
        others = [ops.convert_to_tensor(one) for one in self._inputs_of(codes, codes.labels)[1:]]

        def draw(values, noise=None):
            with noise_of(noise):
                return ops.cast(self([values, *others] if others else values), "float32")

        return draw

    def _inputs_of(self, codes: Codes, labels) -> list:
        """Returns the network's inputs for codes of the space "z"."""
        latents, labels = self._inputs(None, 0, labels, None, codes.values, 1)
        if self.conditional and labels is None:
            raise InputError("this generator takes labels: give the codes' `labels`.")
        return [latents, labels] if self.conditional else [latents]

    @property
    def keeps_latents(self) -> bool:
        """Whether a truncation leaves the latents as they are, and changes their styles."""
        return stylegan2.has_styles(self.network)

    def _average_style(self):
        """Returns the mean style of many fixed latents, float32 (1, D)."""
        mapping, *_ = stylegan2.halves(self.network)
        inputs = self.draw_inputs(AVERAGED, 0)
        return ops.mean(mapping(inputs), axis=0, keepdims=True)
