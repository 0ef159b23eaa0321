"""Serves a generator over HTTP: requests of the same moment are drawn in one batch.

pip install keras-ganzoo fastapi uvicorn
python examples/serving/serve.py dcgan_mnist --port=8000
curl 'localhost:8000/sample?seed=3' --output=digit.png
curl 'localhost:8000/sample?seed=3&label=7' ...        # of a generator with classes
"""

import argparse
import asyncio
import contextlib
import io

import fastapi
import numpy as np
import tensorflow as tf
import uvicorn
from PIL import Image

from ganzoo import zoo

WAIT = 0.004  # seconds for which the first request of a batch waits for others
LARGEST = 64  # images in a batch


class Batcher:
    """Draws the images of requests that come at about the same time in one call."""

    def __init__(self, path: str):
        self.model = tf.saved_model.load(path)  # which holds its variables as long as it lives
        self.draw = self.model.signatures["serving_default"]
        inputs = self.draw.structured_input_signature[1]
        self.latent_dim, self.conditional = inputs["latents"].shape[1], "labels" in inputs
        self.waiting: asyncio.Queue = asyncio.Queue()

    async def image(self, seed: int, label: int) -> np.ndarray:
        """Returns the image of a seed, uint8 (H, W, C)."""
        answer = asyncio.get_running_loop().create_future()
        await self.waiting.put((seed, label, answer))
        return await answer

    async def run(self):
        """Answers requests, as long as the server runs."""
        while True:
            batch = [await self.waiting.get()]
            await asyncio.sleep(WAIT)
            while len(batch) < LARGEST and not self.waiting.empty():
                batch.append(self.waiting.get_nowait())
            seeds, labels, answers = zip(*batch, strict=True)
            try:
                images = await asyncio.to_thread(self._images, seeds, labels)
            except Exception as error:
                images = [error] * len(answers)
            for answer, image in zip(answers, images, strict=True):
                if not answer.done():  # a client that has gone cancels its request
                    failed = isinstance(image, Exception)
                    answer.set_exception(image) if failed else answer.set_result(image)

    def _images(self, seeds, labels) -> np.ndarray:
        latents = [np.random.default_rng(seed).normal(size=self.latent_dim) for seed in seeds]
        inputs = {"latents": tf.constant(np.asarray(latents, "float32"))}
        if self.conditional:
            inputs["labels"] = tf.constant(labels, tf.int32)
        images = self.draw(**inputs)["images"].numpy()
        return np.clip(np.round((images + 1) * 127.5), 0, 255).astype("uint8")


def application(path: str) -> fastapi.FastAPI:
    """Returns the server of a SavedModel."""
    batcher = Batcher(path)

    @contextlib.asynccontextmanager
    async def running(app):
        task = asyncio.create_task(batcher.run())
        yield
        task.cancel()

    app = fastapi.FastAPI(lifespan=running)

    @app.get("/sample", response_class=fastapi.Response)
    async def sample(seed: int = fastapi.Query(0, ge=0), label: int = fastapi.Query(0, ge=0)):
        image = await batcher.image(seed, label)
        png = io.BytesIO()
        Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(png, "PNG")
        return fastapi.Response(png.getvalue(), media_type="image/png")

    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", help="a name from `ganzoo list`")
    parser.add_argument("--port", type=int, default=8000)
    args = parser.parse_args()
    uvicorn.run(application(str(zoo.fetch(args.name))), port=args.port, log_level="warning")
