"""The server of the examples; and what a model server is asked for."""

import concurrent.futures
import io
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from cases import loaded
from fastapi.testclient import TestClient
from PIL import Image

from ganzoo import load_pretrained, zoo

ROOT = Path(__file__).parent.parent
SERVE = loaded(ROOT / "examples" / "serving" / "serve.py")


def picture(answer):
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_requests_of_a_moment_are_one_batch(monkeypatch):
    batches = []
    images = SERVE.Batcher._images

    def counted(batcher, seeds, labels):
        batches.append(len(seeds))
        return images(batcher, seeds, labels)

    monkeypatch.setattr(SERVE.Batcher, "_images", counted)
    monkeypatch.setattr(SERVE, "WAIT", 0.3)
    path = str(zoo.fetch("acgan_mnist"))
    with TestClient(SERVE.application(path)) as client:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda s: client.get(f"/sample?seed={s}&label={s}"), range(8)))
        pictures = [picture(answer).astype(int) for answer in answers]
        assert len(batches) < 8 and sum(batches) == 8
        alone = picture(client.get("/sample?seed=3&label=3")).astype(int)
        np.testing.assert_allclose(alone, pictures[3], atol=1)
        assert client.get("/sample?seed=-1").status_code == 422
    generator = load_pretrained("acgan_mnist")
    latents = np.random.default_rng(3).normal(size=(1, generator.latent_dim))
    expected = generator.sample(latents=latents, labels=[3])[0, ..., 0]
    np.testing.assert_allclose(pictures[3], expected, atol=1)


def test_a_fault_is_the_answer_of_its_requests_alone(monkeypatch):
    images = SERVE.Batcher._images

    def failing(batcher, seeds, labels):
        if 13 in seeds:
            raise ValueError("13")
        return images(batcher, seeds, labels)

    monkeypatch.setattr(SERVE.Batcher, "_images", failing)
    path = str(zoo.fetch("dcgan_mnist"))
    with TestClient(SERVE.application(path), raise_server_exceptions=False) as client:
        assert client.get("/sample?seed=13").status_code == 500
        assert picture(client.get("/sample?seed=3")).shape == (28, 28)


@pytest.mark.parametrize("name", ["dcgan_mnist", "biggan_fashion_mnist"])
def test_a_model_server_finds_the_signatures_of_the_page(name):
    signatures = tf.saved_model.load(str(zoo.fetch(name))).signatures
    images = signatures["sample"](num=tf.constant(2), seed=tf.constant(0))["images"]
    assert images.shape == (2, 28, 28, 1) and images.dtype == tf.uint8
    generator = load_pretrained(name)
    inputs = {"latents": tf.zeros((3, generator.latent_dim))}
    if generator.conditional:
        inputs["labels"] = tf.constant([0, 1, 2])
    assert signatures["serving_default"](**inputs)["images"].shape == (3, 28, 28, 1)


def test_classes_are_chosen_by_a_signature(tmp_path):
    generator = load_pretrained("acgan_mnist")
    generator.export(tmp_path / "1")
    signatures = tf.saved_model.load(str(tmp_path / "1")).signatures
    asked = {"labels": tf.constant([3, 3, 8]), "seed": tf.constant(5)}
    images = signatures["sample_classes"](**asked)["images"]
    np.testing.assert_array_equal(images, generator.sample(seed=5, labels=[3, 3, 8]))
