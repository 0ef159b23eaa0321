"""The loss terms of every variant as its paper writes them, in NumPy: what the tests hold ours to.

A formula is a function of the GAN, the batch that it was given, and what its generator made of it.
It computes what comes out of the networks by NumPy; the networks themselves it calls. Random
numbers are drawn by the names that ours have.
"""

import math

import keras
import numpy as np
import tensorflow as tf

from ganzoo import random
from ganzoo.inference import sequences


def softplus(x):
    return np.logaddexp(0.0, x)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0.0)


def output(network, inputs, number=0):
    """Returns one output of a network in training mode, in double precision."""
    outputs = network(inputs, training=True)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return np.asarray(outputs[number], "float64")


def logits(gan, given, images):
    takes_labels = len(gan.discriminator.inputs) == 2
    return output(gan.discriminator, [images, given["label"]] if takes_labels else images)


# --- adversarial terms: of the scores of real and of fake images


def of_scores(formula):
    """Returns the term that is this function of D's scores of real and of fake images."""

    def term(gan, given, made):
        batch = given | made
        real, fake = (logits(gan, given, batch[key]) for key in ("real", "fake"))
        return formula(real, fake)

    return term


def pair(d, g):
    return {"d_adv": of_scores(d), "g_adv": of_scores(g)}


def d_log(real, fake):
    """-log D(x) - log(1 - D(G(z))), Goodfellow et al., 2014, equation 1."""
    return softplus(-real).mean() + softplus(fake).mean()


def g_log(real, fake):
    """-log D(G(z)), section 3."""
    return softplus(-fake).mean()


def least_squares(a, b, c):
    """Mao et al., 2017, equation 7."""
    return pair(
        lambda real, fake: ((real - b) ** 2).mean() / 2 + ((fake - a) ** 2).mean() / 2,
        lambda real, fake: ((fake - c) ** 2).mean() / 2,
    )


NON_SATURATING = pair(d_log, g_log)
WASSERSTEIN = pair(lambda real, fake: fake.mean() - real.mean(), lambda real, fake: -fake.mean())
HINGE = pair(
    lambda real, fake: relu(1 - real).mean() + relu(1 + fake).mean(),
    lambda real, fake: -fake.mean(),
)
RELATIVISTIC = pair(
    lambda real, fake: softplus(-(real - fake)).mean(),
    lambda real, fake: softplus(-(fake - real)).mean(),
)
KL = pair(  # T = v, f*(t) = exp(t - 1); G maximizes E[T]: Nowozin et al., 2016, tables 2 and 6
    lambda real, fake: -real.mean() + np.exp(fake - 1).mean(), lambda real, fake: -fake.mean()
)


def labels_of(given):
    return tf.convert_to_tensor(given["label"])


def smoothed_hinge(gan, given, made):
    """Returns the margins of FastGAN's hinge, of the real and of the fake images, and the images.

    Liu et al., 2021, and the authors' code: margins in [0.8, 1] for each image.
    """
    shown = gan.augmented(tf.convert_to_tensor(given["real"]))
    fake = gan.augmented(tf.convert_to_tensor(made["fake"]))
    size = (len(given["real"]), 1)
    margins = [
        np.asarray(keras.random.uniform(size, 0.8, 1.0, seed=random.seed("label")))
        for _ in range(2)
    ]
    return shown, fake, *margins


def projected(gan, given, images):
    """Returns the logits of augmented images; Sauer et al., 2021, section 3.2."""
    shown = gan.augmented(tf.convert_to_tensor(images))
    return output(gan.discriminator, [shown, labels_of(given)])


def projected_d(gan, given, made):
    real, fake = (projected(gan, given, x) for x in (given["real"], made["fake"]))
    return relu(1 - real).mean() + relu(1 + fake).mean()


def projected_g(gan, given, made):
    return -projected(gan, given, made["fake"]).mean()


def fast_adv(gan, given, made):
    shown, fake, *margins = smoothed_hinge(gan, given, made)
    real, fake = (output(gan.discriminator, [x, labels_of(given)]) for x in (shown, fake))
    return relu(margins[0] - real).mean() + relu(margins[1] + fake).mean()


def fast_reconstruction(gan, given, made):
    shown, *_ = smoothed_hinge(gan, given, made)
    whole, detail = (output(gan.discriminator, [shown, labels_of(given)], i) for i in (1, 2))
    shown = np.asarray(shown, "float64")
    small = shown[:, ::2, ::2] + shown[:, 1::2, ::2] + shown[:, ::2, 1::2] + shown[:, 1::2, 1::2]
    half = shown.shape[1] // 2
    number = int(keras.random.randint((), 0, 4, seed=random.seed("quarter")))
    part = np.abs(shown - detail)[:, half * (number // 2) :, half * (number % 2) :]
    return np.abs(small / 4 - whole).mean() + part[:, :half, :half].mean()


def fast_g(gan, given, made):
    fake = gan.augmented(tf.convert_to_tensor(made["fake"]))
    return -output(gan.discriminator, [fake, labels_of(given)]).mean()


# --- penalties


def slopes(gan, given, points):
    """Returns the norm of the gradient of each image's score, (N,)."""
    points = tf.convert_to_tensor(points)
    with tf.GradientTape() as tape:
        tape.watch(points)
        inputs = [points, given["label"]] if len(gan.discriminator.inputs) == 2 else points
        total = tf.reduce_sum(gan.discriminator(inputs, training=True))
    gradient = np.asarray(tape.gradient(total, points), "float64")
    return np.sqrt((gradient**2).sum(axis=(1, 2, 3)))


def uniform(name, shape):
    return np.asarray(keras.random.uniform(shape, seed=random.seed(name)))


def gradient_penalty(gan, given, made):
    real, share = given["real"], uniform("mix", (len(given["real"]), 1, 1, 1))
    points = share * real + (1 - share) * made["fake"]
    return 10.0 * ((slopes(gan, given, points) - 1) ** 2).mean()


def dragan(gan, given, made):
    real = given["real"]
    noise = 0.5 * real.std() * uniform("dragan", real.shape)
    points = real + uniform("mix", (len(real), 1, 1, 1)) * noise
    return 10.0 * ((slopes(gan, given, points) - 1) ** 2).mean()


def zero_centered(key, gamma):
    """Mescheder et al., 2018, equations 9 and 10."""

    def term(gan, given, made):
        return gamma / 2 * (slopes(gan, given, (given | made)[key]) ** 2).mean()

    return term


def orthogonal(gan, given, made):
    total = 0.0
    for weight in gan.generator.trainable_variables:
        matrix = np.asarray(weight, "float64").reshape(-1, weight.shape[-1])
        if len(weight.shape) > 1:
            gram = matrix.T @ matrix
            total += ((gram * (1 - np.eye(len(gram)))) ** 2).sum()
    return 1e-4 * total


def path_length(gan, given, made):
    mapping, synthesis = (gan.generator.get_layer(name) for name in ("mapping", "synthesis"))
    size, layers = len(given["real"]) // 2, synthesis.input_shape[1]
    latents = keras.random.normal((size, gan.latent_dim), seed=random.seed("path_latent"))
    styles = np.repeat(output(mapping, latents)[:, None], layers, axis=1).astype("float32")
    noise = keras.random.normal((size, *gan.image_shape), seed=random.seed("path_noise"))
    styles = tf.convert_to_tensor(styles)
    with tf.GradientTape() as tape:
        tape.watch(styles)
        images = synthesis(styles, training=True)
        product = tf.reduce_sum(images * noise / np.sqrt(np.prod(gan.image_shape[:2])))
    gradient = np.asarray(tape.gradient(product, styles), "float64")
    lengths = np.sqrt((gradient**2).sum(2).mean(1))
    mean = 0.01 * lengths.mean()  # from 0, with a decay of 0.01
    return 8 * 2.0 * ((lengths - mean) ** 2).mean()


# --- classes and codes


def cross_entropy(logits, labels):
    logits = logits - logits.max(1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return -log_p[np.arange(len(labels)), labels].mean()


def class_term(number, *keys):
    """Returns the mean cross-entropy of the classes of these images, an output of D."""

    def term(gan, given, made):
        batch = given | made
        losses = [
            cross_entropy(output(gan.discriminator, batch[key], number), given["label"])
            for key in keys
        ]
        return np.mean(losses)

    return term


def information(gan, given, made):
    """-L_I, Chen et al., 2016, equation 5, for 10 classes and 2 uniform codes."""
    latents, found = made["latents"], output(gan.discriminator, made["fake"], 1)
    classes = cross_entropy(found[:, :10], latents[:, :10].argmax(1))
    codes = np.vectorize(math.erf)(latents[:, 10:12] / np.sqrt(2.0))  # uniform in [-1, 1]
    likely = -0.5 * ((codes - found[:, 10:]) ** 2).sum(1).mean() - np.log(2 * np.pi)
    return classes - np.log(10) - likely - 2 * np.log(2)


def sums(gan, images):
    """Returns log Z of images, Salimans et al., 2016, section 5."""
    return np.log(np.exp(output(gan.discriminator, images)).sum(1))


def semi_supervised(gan, given, made):
    """-log(Z / (Z + 1)) on real images, -log(1 / (Z + 1)) on fakes."""
    sums(gan, given["real"])  # D draws its noise for the labeled images first
    real, fake = np.exp(sums(gan, given["real"])), np.exp(sums(gan, made["fake"]))
    return -np.log(real / (real + 1)).mean() - np.log(1 / (fake + 1)).mean()


def features(gan, given, made):
    real, fake = (output(gan.discriminator, x, 1) for x in (given["real"], made["fake"]))
    return ((real.mean(0) - fake.mean(0)) ** 2).mean()


# --- energies


def energy(power):
    """Returns the reconstruction error of each image, (N,)."""

    def of(gan, images):
        error = np.abs(output(gan.discriminator, images) - images) ** power
        return error.mean(axis=(1, 2, 3))

    return of


absolute, squared = energy(1), energy(2)


def pull(gan, given, made):
    """Zhao et al., 2016, section 2.4, with the weight 0.1."""
    codes = output(gan.discriminator, made["fake"], 1)
    total, count = 0.0, len(codes)
    for i in range(count):
        for j in range(count):
            if i != j:
                cosine = codes[i] @ codes[j] / np.linalg.norm(codes[i]) / np.linalg.norm(codes[j])
                total += cosine**2
    return 0.1 * total / (count * (count - 1))


# --- autoencoders


def posterior(gan, given):
    """Returns means, log-variances and samples of the latents."""
    encoder = gan.generator["encoder"]
    outputs = encoder(given["real"], training=True)
    mean, log_variance = (np.asarray(x, "float64") for x in outputs)
    noise = np.asarray(keras.random.normal(mean.shape, seed=random.seed("posterior")))
    return mean, log_variance, (mean + np.exp(log_variance / 2) * noise).astype("float32")


def reconstruction(gan, given):
    return output(gan.generator["decoder"], posterior(gan, given)[2])


def likelihood(gan, given, made):
    """-log p(x | z) per pixel, but for a constant, of the best variance: Rybkin et al., 2021."""
    return 0.5 * np.log(((given["real"] - reconstruction(gan, given)) ** 2).mean())


def kl(gan, given, made):
    """KL(N(m, s^2) || N(0, 1)) per pixel, Kingma & Welling, 2014, appendix B."""
    mean, log_variance, _ = posterior(gan, given)
    divergence = -0.5 * (1 + log_variance - mean**2 - np.exp(log_variance)).sum(1)
    return divergence.mean() / np.prod(gan.image_shape)


def code_reconstruction(gan, given, made):
    return 10.0 * ((given["real"] - reconstruction(gan, given)) ** 2).mean()


def both_fakes(formula):
    """Returns the mean of a term on samples and on reconstructions."""

    def term(gan, given, made):
        real = logits(gan, given, given["real"])
        fakes = (logits(gan, given, made[key]) for key in ("fake", "fake_again"))
        return np.mean([formula(real, fake) for fake in fakes])

    return term


def of_codes(formula):
    """Returns the term that is this function of D's scores of images with their codes."""

    def term(gan, given, made):
        latents = keras.random.normal(made["fake_code"].shape, seed=random.seed("latent"))
        encoder, decoder = gan.generator["encoder"], gan.generator["decoder"]
        images = tf.convert_to_tensor(given["real"])
        real = output(gan.discriminator, [images, encoder(images, training=True)])
        fake = output(gan.discriminator, [decoder(latents, training=True), latents])
        return formula(real, fake)

    return term


def in_features(gan, given, made):
    """-log p(D_l(x) | z), Larsen et al., 2016, equation 7, in units of D_l's mean square."""
    real, again = (output(gan.discriminator, x, 1) for x in (given["real"], made["again"]))
    return 0.5 * ((real - again) ** 2).mean() / (real**2).mean()


# --- nearest samples


def nearest(key):
    """Returns the mean squared distance, per pixel, of images to the nearest of 1,024 samples."""

    def term(gan, given, made):
        latents = keras.random.normal((1024, gan.latent_dim), seed=random.seed("pool"))
        pool = np.concatenate([output(gan.generator, latents[i : i + 256])
                               for i in range(0, 1024, 256)])  # fmt: skip
        rows = given["real"].reshape(len(given["real"]), -1)
        distances = ((rows[:, None] - pool.reshape(1024, -1)[None]) ** 2).sum(2)
        chosen = np.asarray(latents)[distances.argmin(1)]
        if key == "near":  # in one batch with as many random samples
            prior = keras.random.normal(chosen.shape, seed=random.seed("latent"))
            images = output(gan.generator, np.concatenate([prior, chosen]))[len(chosen) :]
        else:
            images = output(gan.generator, chosen)
        return ((images.reshape(rows.shape) - rows) ** 2).mean()

    return term


# --- unrolling


def unrolled(formula):
    """Returns a term against D after five more updates, Metz et al., 2017, equations 4 and 5."""

    def term(gan, given, made):
        for _ in range(5):
            gan.discriminator_step(given | made)
        return of_scores(formula)(gan, given, made)

    return term


# --- sequences


def log_likelihood(gan, tokens):
    """Returns log G(y_t | y_1..t-1), (N, T)."""
    tokens = tf.convert_to_tensor(tokens)
    inputs, states = sequences.start(gan.generator, len(tokens))
    rows = []
    for place in range(tokens.shape[1]):
        logits, *states = gan.generator([inputs, *states], training=True)
        inputs = tokens[:, place]
        scores = np.asarray(logits, "float64")
        chosen = scores[np.arange(len(scores)), np.asarray(inputs)]
        rows.append(chosen - np.log(np.exp(scores).sum(1)))
    return np.stack(rows, axis=1)


def mle(gan, given, made):
    return -log_likelihood(gan, given["real"]).mean()


def policy(gan, given, made):
    """Yu et al., 2017, equations 2 to 4; the last reward is D's own score of the sequence."""
    rewards = np.asarray(gan.rewards(made["fake"]))
    last = sigmoid(np.asarray(gan.discriminator(made["fake"], training=False), "float64")[:, 0])
    np.testing.assert_allclose(rewards[:, -1], last, rtol=1e-4)
    return -(rewards * log_likelihood(gan, made["fake"])).mean()


# --- translations


def l1(a, b):
    return np.abs(a - b).mean()


def of_pairs(formula):
    """Returns the term that is this function of D's scores of pairs of images."""

    def term(gan, given, made):
        x = given["x"]
        real, fake = (output(gan.discriminator, [y, x]) for y in (given["y"], made["fake"]))
        return formula(real, fake)

    return term


def least_squares_of_domains():
    """Mao et al., 2017, with targets 0 and 1, for a D of each domain."""

    def d(key):
        def term(gan, given, made):
            real, fake = (
                output(gan.discriminator[key], images)
                for images in (given[key], made[f"fake_{key}"])
            )
            return ((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2

        return term

    def g(key):
        return lambda gan, given, made: (
            ((output(gan.discriminator[key], made[f"fake_{key}"]) - 1) ** 2).mean() / 2
        )

    return {f"d_adv_{key}": d(key) for key in "xy"} | {f"g_adv_{key}": g(key) for key in "xy"}


def cycle(gan, given, made):
    """Zhu et al., 2017, equation 2; half the weight, as in the adversarial terms."""
    back = output(gan.generator["y_to_x"], made["fake_y"])
    forth = output(gan.generator["x_to_y"], made["fake_x"])
    return 10.0 / 2 * (l1(given["x"], back) + l1(given["y"], forth))


def identity(gan, given, made):
    """Zhu et al., 2017, section 5.2."""
    same_x = output(gan.generator["y_to_x"], given["x"])
    same_y = output(gan.generator["x_to_y"], given["y"])
    return 0.5 * 10.0 / 2 * (l1(given["x"], same_x) + l1(given["y"], same_y))


def encoded(gan, images, side):
    maps = gan.generator[f"encoder_{side}"](images, training=True)
    mean = output(gan.generator["shared_encoder"], maps)
    noise = keras.random.normal(mean.shape, seed=random.seed("latent"))
    return mean, (mean + np.asarray(noise)).astype("float32")


def decoded(gan, latents, side):
    maps = gan.generator["shared_decoder"](latents, training=True)
    return output(gan.generator[f"decoder_{side}"], maps)


def unit(gan, given, kept={}):  # noqa: B006
    """Returns UNIT's terms without their weights, from the images on; of the last GAN they stay."""
    if gan not in kept:
        kept.clear()
        kept[gan] = _unit(gan, given)
    return kept[gan]


def _unit(gan, given):
    samples, again, there, back = {}, 0.0, 0.0, 0.0
    for side in "xy":
        mean, samples[side] = encoded(gan, given[side], side)
        again += l1(given[side], decoded(gan, samples[side], side))
        there += (mean**2).mean()
    for side, other in ("xy", "yx"):
        translated = decoded(gan, samples[side], other).astype("float32")
        mean, latents = encoded(gan, translated, other)
        back += l1(given[side], decoded(gan, latents, side))
        there += (mean**2).mean()
    return again, back, there


UNIT = {  # half of 10, 10 and 0.01
    "g_reconstruction": lambda gan, given, made: 5.0 * unit(gan, given)[0],
    "g_cycle": lambda gan, given, made: 5.0 * unit(gan, given)[1],
    "g_kl": lambda gan, given, made: 0.005 * unit(gan, given)[2],
}


TERMS = {  # variant -> its terms in the logs, each with its formula
    "vae": {"g_reconstruction": likelihood, "g_kl": kl},
    "gan": NON_SATURATING,
    "cgan": NON_SATURATING,
    "aae": {
        "d_adv": lambda gan, given, made: d_log(
            *(logits(gan, given, made[key]) for key in ("real", "fake"))
        ),
        "g_adv": lambda gan, given, made: g_log(None, logits(gan, given, made["fake"])),
        "g_reconstruction": code_reconstruction,
    },
    "bigan": {  # Donahue et al., 2017, equation 3 and section 3.4
        "d_adv": of_codes(d_log),
        "g_adv": of_codes(g_log),
        "g_encode": of_codes(lambda real, fake: softplus(real).mean()),
    },
    "dcgan": NON_SATURATING,
    "distilled": NON_SATURATING  # Aguinaldo et al., 2019, section 3
    | {"g_distance": lambda gan, given, made: 10 * ((given["real"] - made["fake"]) ** 2).mean()},
    "vaegan": {
        "d_adv": both_fakes(d_log),
        "g_adv": both_fakes(g_log),
        "g_feature": in_features,
        "g_kl": kl,
    },
    "fgan": KL,
    "fastgan": {
        "d_adv": fast_adv,
        "d_reconstruction": fast_reconstruction,
        "g_adv": fast_g,
    },
    "sgan": {
        "d_adv": semi_supervised,
        "d_class": lambda *turn: 2.0 * class_term(0, "real")(*turn),
        "g_features": features,
    },
    "infogan": NON_SATURATING | {"d_information": information, "g_information": information},
    "ebgan": {
        "d_real": lambda gan, given, made: squared(gan, given["real"]).mean(),
        "d_fake": lambda gan, given, made: relu(0.2 - squared(gan, made["fake"])).mean(),
        "g_adv": lambda gan, given, made: squared(gan, made["fake"]).mean(),
        "g_pull": pull,
    },
    "acgan": NON_SATURATING
    | {"d_class": class_term(1, "real", "fake"), "g_class": class_term(1, "fake")},
    "lsgan": least_squares(-1, 1, 0),
    "unrolled": {
        "d_adv": NON_SATURATING["d_adv"],
        "g_adv": unrolled(lambda real, fake: np.log(1 - sigmoid(fake)).mean()),
        "g_real": unrolled(lambda real, fake: np.log(sigmoid(real)).mean()),
    },
    "seqgan": {"d_adv": NON_SATURATING["d_adv"], "g_mle": mle, "g_policy": policy},
    "pix2pix": {
        "d_adv": of_pairs(d_log),
        "g_adv": of_pairs(g_log),
        "g_l1": lambda gan, given, made: 100.0 * l1(given["y"], made["fake"]),
    },
    "wgan": WASSERSTEIN,
    "unit": least_squares_of_domains() | UNIT,
    "cyclegan": least_squares_of_domains() | {"g_cycle": cycle, "g_identity": identity},
    "began": {
        "d_real": lambda gan, given, made: absolute(gan, given["real"]).mean(),
        "d_fake": lambda gan, given, made: -float(gan.k) * absolute(gan, made["fake"]).mean(),
        "g_adv": lambda gan, given, made: absolute(gan, made["fake"]).mean(),
        "k": None,
        "m_global": None,
    },
    "wgan_gp": WASSERSTEIN | {"d_gradient_penalty": gradient_penalty},
    "dragan": NON_SATURATING | {"d_dragan": dragan},
    "klgan": NON_SATURATING | {"g_reconstruction": likelihood, "g_kl": kl},
    "pacgan": NON_SATURATING,
    "sngan": HINGE,
    "projection": HINGE,
    "sagan": HINGE,
    "projected_gan": {"d_adv": projected_d, "g_adv": projected_g},
    "rgan": RELATIVISTIC,
    "imle": {"g_distance": nearest("fake")},
    "biggan": HINGE | {"g_orthogonal": orthogonal},
    "stylegan2": NON_SATURATING
    | {"d_r1": zero_centered("real", 16 * 0.01), "g_path_length": path_length},
    "imlegan": NON_SATURATING | {"g_distance": nearest("near")},
    "r3gan": RELATIVISTIC
    | {"d_r1": zero_centered("real", 1.0), "d_r2": zero_centered("fake", 1.0)},
    "classifier": {"d_class": class_term(0, "real")},
}
