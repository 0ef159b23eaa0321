"""Writes docs/published_weights.md from the results of the scripts in this folder."""

import json
from pathlib import Path

from ganzoo.engine import files
from ganzoo.zoo.importing.families import FAMILIES

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "published_weights.md"

HEAD = """# Published weights

Written by `benchmarks/imports/write_page.py`. Weights that others have published become networks of
Keras 3 on today's TensorFlow, and compute what their authors' code computes.

```python
import ganzoo

generator = ganzoo.load_pretrained("stylegan2:network.pkl")  # read, not stored
images = generator.sample(16, seed=0, truncation=0.7)  # uint8 (16, H, W, 3)
```

```bash
ganzoo inspect network.pkl
ganzoo import stylegan2:network.pkl --as=my_faces --license="..."
ganzoo sample my_faces --num=16
```

What is imported is an entry of the zoo on this machine: it is listed, sampled or translates, is
exported and verified, and its card says what it was made from. A place is a path,
`https://...#sha256=HEX`, or `hf://OWNER/REPO/FILE` with `pip install 'keras-ganzoo[hub]'`.
`--part=G` takes another part of a file than the averaged generator, `--option=size=512` sets what
the file does not determine, such as the image size of a translator.

Any variant whose generator takes the same inputs trains it further, on pictures of its size:

```bash
ganzoo train --init=my_faces --model=dcgan --dataset=folder:my_pictures --augment=diff_augment
```

```python
generator = ganzoo.load_pretrained("my_faces")
gan = ganzoo.create("dcgan", (64, 64, 3), generator=generator, augment="diff_augment")
gan.fit(ganzoo.data.load("folder:my_pictures", image_size=64), epochs=5)
```

Where a generator has its critic beside it, as runs and entries published since then have, training
goes on with that critic, and `freeze_d=3` keeps its first three layers as they are (FreezeD, Mo et
al., 2020, arXiv:2002.10964).

## What is read

| files | how |
| --- | --- |
| PyTorch `.pth`, `.pt`, `.tar`, new and old | tensors in nested dicts |
| the `.pkl` of StyleGAN2-ADA, StyleGAN3 and R3GAN | classes become records; `G_ema` is taken |
| safetensors | also bfloat16 |
| Keras `.h5` and `.keras` | only the arrays |
| TensorFlow.js `model.json` and its shards | also those stored in 8 or 16 bits |
| checkpoints of TensorFlow, SavedModels, modules of TF-Hub | only the variables |

Nothing in a file is executed. A pickle is a program: here it is interpreted by a machine that knows
the instructions which build numbers, strings and containers, and a table of inert constructors. All
else is refused in one line, with its name: code, storages that are not in the file, deep and cyclic
nesting, zip bombs, links to other files, missing and surplus arrays, and half a download.

## Families

| family | what it is |
| --- | --- |
"""

PARITY = """
## Parity

`python benchmarks/imports/parity.py --references FOLDER... --graphs FOLDER...`: the largest
difference from the output of the authors' network, in units of its largest value, and the relative
L2 norm, in float32. The networks have their authors' layers, at small sizes, with random weights.
References of DCGAN, CycleGAN and pix2pix are put together from PyTorch's layers by
`benchmarks/imports/torch_references.py`; BigGAN-deep is the package pytorch-pretrained-biggan; a
graph is a published model of TensorFlow.js with its own weights, run operation by operation; all
others, BigGAN among them, are computed by their authors' code.

| reference | family | output | trained parameters | largest difference | relative L2 |
| --- | --- | --- | ---: | ---: | ---: |
"""

REAL = """
## Real weights

`python benchmarks/imports/real.py --folder=FOLDER` fetches each package by its name, imports the
file in it, loads the entry again and draws a picture. "Import" is the whole time, with export and a
check of the exported file without GanZoo for images of up to 64 pixels; on 2 shared cores.

| entry | package | license | parameters | import, s | load again, s | images/s | memory, MB |
| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |
"""


SPEED = """
## Size and speed

`python benchmarks/imports/speed.py`: StyleGAN2 of {size} pixels, config f, with random weights: a
file of {megabytes} MB, on 2 cores that other processes shared. It is imported in {import_seconds} s
and {import_mb:,} MB, and loaded again in {load_seconds} s.
"""

SAMPLING = """
`python benchmarks/imports/sampling.py`, float32, batches of 4, by turns with the authors' code in
PyTorch on the same 2 cores:

| network | images/s | in PyTorch | ratio, median of {rounds} |
| --- | ---: | ---: | ---: |
"""
SIZES = {"stylegan2": "StyleGAN2, 256 pixels, config f", "biggan": "BigGAN, 128 pixels"}


TRANSFER = """
## Trained further

`python benchmarks/claims/transfer.py --folder=FOLDER`: the imported DCGAN of synthetic faces and
the same network with random weights, each trained for {steps} steps of 32 on 609 portraits of 64
pixels with `--init`, a new discriminator and DiffAugment, and compared with them in Inception's
features. The pretrained one moves away from its faces (FID {before:.0f} before) to suits and
backgrounds, and is still far ahead of the other at the same number of steps.

| start | FID | KID |
| --- | ---: | ---: |
"""


NOTES = """
## What to know

- The last layer of TF-Hub's ProGAN, as converted for TensorFlow.js, has lost a factor of one half:
  as it stands, a half of all pixels is black or white. The importer puts it back.
- pix2pix keeps its dropout when it translates; here a translation is a function of its image.
- The PyTorch port of BigGAN weighs the statistics of two neighboring truncations the wrong way
  round between the 51 stored ones; here they are interpolated. At the stored ones both agree.
- BigGAN's kernels are imported divided by their spectral norms.
- CartoonGAN's weights in that package are stored in 8 bits.
"""


def main() -> None:
    text = HEAD
    text += "".join(f"| `{f.name}` | {f.title} |\n" for f in FAMILIES.values())
    text += PARITY
    for row in json.loads((RESULTS / "parity.json").read_text()):
        text += (
            f"| {row['reference']} | `{row['family']}` | {row['output']} | {row['parameters']:,} "
            f"| {row['largest']:.1e} | {row['l2']:.1e} |\n"
        )
    text += REAL
    real = json.loads((RESULTS / "imported.json").read_text())
    for name, row in real.items():
        text += (
            f"| `{name}` | {row['registry']}: {row['package']} {row['version']} | {row['license']} "
            f"| {row['parameters']:,} | {row['seconds']} | {row['seconds_again']} "
            f"| {row['images_per_second']} | {row['peak_mb']:,} |\n"
        )
    for name, row in real.items():
        what = row["what"][:1].upper() + row["what"][1:]
        text += f"\n### {name}\n\n{what}:\n\n![{what}](imported/{name}.jpg)\n"
    speed = json.loads((RESULTS / "import_speed.json").read_text())
    text += SPEED.format(megabytes=round(speed["bytes"] / 1e6), **speed)
    sampling = json.loads((RESULTS / "import_sampling.json").read_text())
    text += SAMPLING.format(rounds=len(sampling["stylegan2"]["ratios"]))
    for name, row in sampling.items():
        text += (
            f"| {SIZES[name]} | {row['images_per_second']} | {row['torch_images_per_second']} "
            f"| {row['ratio']} |\n"
        )
    transfer = json.loads((RESULTS / "transfer.json").read_text())
    before = transfer.pop("before")
    steps = next(iter(transfer.values()))["steps"]
    text += TRANSFER.format(before=before["fid"], steps=steps)
    for name, row in sorted(transfer.items()):
        text += f"| {name} | {row['fid']:.0f} | {row['kid']:.3f} |\n"
    text += NOTES
    files.write_text(PAGE, text)


if __name__ == "__main__":
    main()
