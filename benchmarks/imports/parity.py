"""How far the imported networks are from their authors', on references with random weights.

    python benchmarks/imports/parity.py --references FOLDER... --graphs FOLDER...

writes benchmarks/results/parity.json. `references.py` says what a reference is. References whose
own output is not finite say nothing and are left out. A graph is a model of TensorFlow.js, as
`real.py` fetches them.
"""

import argparse
import json
from pathlib import Path

from graphs import outputs
from references import compared, differences

RESULTS = Path(__file__).parent.parent / "results" / "parity.json"
LARGEST, L2 = 1e-4, 1e-5  # what is allowed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--references", type=Path, required=True, nargs="+", metavar="FOLDER")
    parser.add_argument("--graphs", type=Path, default=[], nargs="+", metavar="FOLDER")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    rows = []
    for path in sorted(p for folder in args.references for p in folder.glob("*.npz")):
        if args.only in path.stem:
            rows += (more := compared(path))
            for row in more:
                print(*row.values(), flush=True)
    for folder in args.graphs:
        family, got, expected, count = outputs(folder)
        largest, norm = differences(got, expected)
        row = {"reference": f"{folder.name}, graph", "family": family, "output": "image"}
        rows.append(row | {"parameters": count, "largest": largest, "l2": norm})
        print(*rows[-1].values(), flush=True)
    far = [r["reference"] for r in rows if r["largest"] > LARGEST or r["l2"] > L2]
    if not args.only:
        args.out.write_text(json.dumps(rows, indent=2) + "\n")
    if far:
        raise SystemExit(f"too far: {', '.join(far)}")


if __name__ == "__main__":
    main()
