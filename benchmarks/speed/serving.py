"""How many requests the example of a server answers. Writes results/serving.json, docs/serving.md.

    python benchmarks/speed/serving.py             # some minutes
    python benchmarks/speed/serving.py --page      # only the page, from the results

Starts examples/serving/serve.py on this machine and asks it from some clients at once, each of
which waits for its answer before it asks again. Server and clients share the machine's cores.
"""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from ganzoo.training import summary

ROOT = Path(__file__).parent.parent.parent
PATH = ROOT / "benchmarks" / "results" / "serving.json"
PAGE = ROOT / "docs" / "serving.md"
ENTRIES = ("dcgan_mnist", "stylegan2_fashion_mnist", "biggan_cifar10")
CLIENTS = (1, 4, 16, 64)
SECONDS = 8.0
TEXT = """# Serving a generator

A trained generator is a SavedModel, `saved_models/ENTRY/VERSION`: what TensorFlow Serving watches.

## TensorFlow Serving

```
docker run --rm -p 8501:8501 -e MODEL_NAME=dcgan_mnist \\
  -v "$PWD/saved_models/dcgan_mnist:/models/dcgan_mnist" tensorflow/serving &
curl localhost:8501/v1/models/dcgan_mnist:predict \\
  -d '{{"signature_name": "sample", "inputs": {{"num": 2, "seed": 0}}}}'
```

answers `{{"outputs": [...]}}`, uint8 images (2, 28, 28, 1) as nested lists. Its signatures:

| signature | inputs | output |
|---|---|---|
| `sample` | `num` and `seed`, int32 scalars | `images`, uint8 (num, H, W, C) |
| `sample_classes`, of generators with classes that are exported from now on | `labels`, int32 \
(num,), and `seed` | as above |
| `serving_default` | `latents`, float32 (N, D); `labels`, int32 (N,), if it has classes | \
`images`, float32 (N, H, W, C) in [-1, 1] |

Several latents in the row format: `{{"instances": [{{"latents": [...]}}, {{"latents": [...]}}]}}`.
The server itself was not tried here, since no package index carries it; the tests call the same
signatures, by the names in the request, through TensorFlow alone.

## In Python

[examples/serving/serve.py](../examples/serving/serve.py) is a server in FastAPI. It waits some
milliseconds for further requests and draws them all in one batch:

```
pip install keras-ganzoo fastapi uvicorn
python examples/serving/serve.py dcgan_mnist --port=8000
curl 'localhost:8000/sample?seed=3' --output=digit.png
```

Requests per second and the 99th percentile of the time to an answer, a PNG, with server and clients
on {hardware} (`python benchmarks/speed/serving.py`):

{table}
"""


async def ask(port: int, clients: int) -> dict:
    """Returns the figures of some seconds of requests from `clients` clients at once.

    They speak HTTP by hand: with 64 of them, a library for it took more time than the server.
    """
    waits: list[float] = []

    async def client(seed: int, until: float):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (began := time.perf_counter()) < until:
            writer.write(f"GET /sample?seed={seed} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            assert " 200 " in head.splitlines()[0], head
            await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
            waits.append(time.perf_counter() - began)
            seed += clients
        writer.close()

    for seconds in (1.0, SECONDS):  # the first is not counted
        waits.clear()
        began = time.perf_counter()
        await asyncio.gather(*(client(n, began + seconds) for n in range(clients)))
        took = time.perf_counter() - began
    return {
        "clients": clients, "requests_per_second": round(len(waits) / took, 1),
        "p50_ms": round(1e3 * float(np.percentile(waits, 50)), 1),
        "p99_ms": round(1e3 * float(np.percentile(waits, 99)), 1),
    }  # fmt: skip


def serve(name: str) -> list[dict]:
    """Starts the server of an entry, and returns its figures for each number of clients."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, str(ROOT / "examples/serving/serve.py"), name, f"--port={port}"]
    process = subprocess.Popen(command, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"})
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if process.poll() is not None:
                    raise SystemExit(f"the server of {name} ended") from None
                time.sleep(0.2)
        rows = []
        for clients in CLIENTS:
            rows.append(asyncio.run(ask(port, clients)))
            print(name, rows[-1], flush=True)
        return rows
    finally:
        process.terminate()
        process.wait()


def render(results: dict) -> str:
    """Returns the page."""
    heads = [f"{n} client{'s' if n > 1 else ''}" for n in CLIENTS]
    lines = [f"| entry | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name, rows in results["entries"].items():
        cells = [f"{row['requests_per_second']:,.0f}/s, {row['p99_ms']:.0f} ms" for row in rows]
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return TEXT.format(hardware=results["hardware"], table="\n".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--page", action="store_true", help="write the page alone")
    if not parser.parse_args().page:
        results = {"hardware": summary.hardware(), "seconds": SECONDS}
        results["entries"] = {name: serve(name) for name in ENTRIES}
        PATH.write_text(json.dumps(results, indent=1) + "\n")
    PAGE.write_text(render(json.loads(PATH.read_text())), "utf-8")


if __name__ == "__main__":
    main()
