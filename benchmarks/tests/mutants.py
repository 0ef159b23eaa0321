"""Do the tests notice if the code is wrong? Writes results/mutants.json.

    python benchmarks/tests/mutants.py                # 240 mutants; goes on where it stopped
    python benchmarks/tests/mutants.py --again        # only those that had survived
    python benchmarks/tests/mutants.py --files=losses --count=40 --out=elsewhere.json

A mutant is the library with one expression or statement changed: + for -, a constant doubled, an
argument dropped, a condition turned round. The tests near the file that call the changed function
run on it, in a process forked from this one, which has TensorFlow loaded but not GanZoo, so that a
mutant takes seconds. It is caught if a test fails, or if the tests take far longer than without it.

Which mutants are chosen depends on the seed and on each one's own text, not on line numbers: an
edit elsewhere does not change the choice. There is at most one for each statement.
"""

import argparse
import ast
import copy
import hashlib
import importlib.machinery
import importlib.util
import json
import linecache
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
LIBRARY = f"{ROOT / 'ganzoo'}{os.sep}"
PATH = ROOT / "benchmarks" / "results" / "mutants.json"

# The tests of a source file, or of a folder's files, the nearest first; and pytest's own words.
TESTS = {
    "losses.py": ["losses", "parts", "variants"],
    "penalties.py": ["penalties", "layers_stylegan2", "parts", "tricks", "variants"],
    "gan.py": ["gan", "tricks", "variants"],
    "layers/": [
        "layers",
        "layers_stylegan2",
        "layers_published",
        "tricks",
        "importing_networks",
    ],
    "metrics/": ["metrics_distances", "metrics_modes", "metrics_features"],
    "metrics/bleu.py": ["sequences", "-kbleu"],
    "metrics/domain.py": ["metrics_domain", "metrics_modes"],
    "metrics/features.py": ["metrics_features", "metrics_inception"],
    "metrics/inception.py": ["metrics_inception"],
    "metrics/inception_features.py": ["metrics_inception"],
    "metrics/learned_perceptual.py": ["lpips"],
    "metrics/resize.py": ["metrics_inception"],
    "metrics/path_length.py": ["path_length"],
    "metrics/perceptual.py": ["autoencoders", "metrics_domain", "-kperceptual or imle"],
    "metrics/similarity.py": ["metrics", "metrics_modes", "translation"],
    "metrics/sliced_wasserstein.py": ["metrics"],
    "metrics/spaces.py": ["metrics", "callbacks", "sequences", "plugin"],
    "metrics/weights.py": ["metrics_inception"],
    "data/": ["data", "data_files", "data_pairs"],
    "data/drawn.py": ["distillation"],
    "data/emoji.py": ["data_pairs"],
    "data/folder.py": ["data", "data_files", "data_pairs", "metrics_features"],
    "data/edges.py": ["data_pairs"],
    "data/labels.py": ["variants", "-klabel"],
    "data/oracle.py": ["sequences", "-knot seqgan"],
    "data/pairs.py": ["data_pairs"],
    "data/quatrains.py": ["sequences", "-knot seqgan"],
    "data/tokens.py": ["sequences", "-knot seqgan"],
    "data/unpaired.py": ["data_pairs"],
}

# Mutants that no test could notice, by their keys, each with the reason.
EQUIVALENT = {
    "penalties.py squared_slope: tf.GradientTape(watch_accessed_variables=False) -> "
    "tf.GradientTape()": "what else is watched is not asked for: it only takes memory",
    "penalties.py feature_reader: keras.Model(discriminator.inputs, tensor, name='features') -> "
    "keras.Model(discriminator.inputs, tensor)": "the name is for people",
    "penalties.py HistoricalAveraging._value: True -> False": "strict, of lists of one length",
    "penalties.py PathLength.lengths: synthesis(styles, training=True) -> "
    "synthesis(styles)": "no layer of a synthesis network depends on it",
    "penalties.py PathLength.__init__: False -> True": "no optimizer asks a penalty for weights",
    "layers/attention.py SelfAttention.call: self.query(x, training=training) -> "
    "self.query(x)": "Keras passes `training` on to the layers within one",
    "data/__init__.py _open: str(name) -> name": "a name is a string",
    "data/reachable.py reachable.connect: 80 -> 81": "the port is of a host that is not reached",
    "data/cifar10.py _read: 2 -> 3": "a bound of what is read of a file of labels",
    "data/tfds.py : 30 -> 29": "the size up to which a set is held in memory",
    "data/order.py Order: 0 -> 1": "a default that no source uses",
    "data/oracle.py _choose: np.minimum((ends <= target).sum(1), ends.shape[1] - 1) -> "
    "np.minimum(ends.shape[1] - 1, (ends <= target).sum(1))": "which is first does not matter",
    "data/order.py Order.__post_init__: 2 -> 3 (3)": "a bound beyond the length of any training",
    "layers/batch_norm.py BatchNormalization._fused: 4 -> 5": "the other way computes the same",
    "metrics/learned_perceptual.py LPIPS.between: True -> False": "strict, of lists of one length",
    "metrics/learned_perceptual.py LPIPS.maps: -1 -> 1": "the network's shift and scale spread "
    "one channel over three",
    "layers/fourier_input.py FourierInput.call: -1 -> 1 (2)": "the last axis is the second",
    "layers/lowpass.py _bessel: 2 -> 3": "more points of a sum that has converged",
    "metrics/cache.py : 100000 -> 100001": "a bound of what is kept",
    "metrics/neighbours.py _parts: 32 -> 31": "the size of a block",
    "data/folder.py : 8 -> 7": "a bound of what is held in memory",
    "metrics/neighbours.py _parts: 1024 -> 1023": "the size of a block",
    "layers/learned_constant.py LearnedConstant.__init__: tuple(shape) -> "
    "shape": "a list does as well",
    "layers/sampling_dropout.py SamplingDropout.call: keras.random.uniform(ops.shape(x), "
    "dtype='float32', seed=seed) -> keras.random.uniform(ops.shape(x), "
    "seed=seed)": "Keras' default, which no policy of a layer changes",
    "metrics/similarity.py pair: tuple((pixels.uint8_of(images) for images in (a, b))) -> "
    "(pixels.uint8_of(images) for images in (a, b))": "it is unpacked",
}

# --- what is changed

OPERATORS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And, ast.Lt: ast.LtE, ast.LtE: ast.Lt,
    ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot,
    ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPPOSITES = {ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt}
NAMES = {
    "mean": "sum", "sum": "mean", "max": "min", "min": "max", "maximum": "minimum",
    "minimum": "maximum", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor",
    "argmax": "argmin", "argmin": "argmax", "zeros": "ones", "ones": "zeros", "std": "var",
}  # fmt: skip


def changed(node: ast.AST, **fields) -> ast.AST:
    """Returns a copy of a node with other fields."""
    node = copy.copy(node)
    for name, value in fields.items():
        setattr(node, name, value)
    return node


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yields what a node may be changed to."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            yield left
            yield right
            if type(op) in OPERATORS:
                yield changed(node, op=OPERATORS[type(op)]())
        case ast.BoolOp(op=op, values=[first, *rest]):
            yield changed(node, op=OPERATORS[type(op)]())
            yield first
            yield rest[-1]
        case ast.Compare(ops=[op]):
            for found in (OPERATORS, OPPOSITES):
                if type(op) in found:
                    yield changed(node, ops=[found[type(op)]()])
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
            if value > 1:
                yield ast.Constant(value - 1)
        case ast.Constant(value=float(value)):
            yield ast.Constant(2.0 * value if value else 1.0)
        case ast.Call(func=func, args=args, keywords=keywords):
            for place in range(len(keywords)):
                if keywords[place].arg:
                    yield changed(node, keywords=keywords[:place] + keywords[place + 1 :])
            if len(args) == 1 and not isinstance(args[0], ast.Starred):
                yield args[0]
            if len(args) > 1 and not any(isinstance(x, ast.Starred) for x in args[:2]):
                yield changed(node, args=[args[1], args[0], *args[2:]])
            if isinstance(func, ast.Attribute) and func.attr in NAMES:
                yield changed(node, func=changed(func, attr=NAMES[func.attr]))
        case ast.Subscript(value=value):
            if not isinstance(node.ctx, ast.Load):
                return
            yield value
        case ast.If(test=test):
            yield changed(node, test=ast.UnaryOp(ast.Not(), test))
            yield changed(node, test=ast.Constant(False))
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield ast.Pass()


# --- where


class Mutant(NamedTuple):
    """A change of one node: its key, and the path to the node in the tree of the file."""

    key: str
    file: str
    scope: str
    line: int
    statement: str
    path: tuple
    number: int


# What does not compute: texts for people, names, and the defaults of arguments.
PASSED_OVER = (ast.JoinedStr, ast.Raise, ast.Import, ast.ImportFrom, ast.arguments)


def nodes(tree: ast.AST, scope: str = "", path: tuple = (), statement=None) -> Iterator[tuple]:
    """Yields each node that may be changed, with its scope, its path and its statement."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "decorator_list", "bases", "slice_annotation"):
            continue
        for place, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or isinstance(node, PASSED_OVER):
                continue
            inner, where = scope, (*path, (field, place))
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                inner = f"{scope}.{node.name}".lstrip(".")
            own = node if isinstance(node, ast.stmt) else statement
            yield node, inner, where, own
            yield from nodes(node, inner, where, own)


def text(node: ast.AST) -> str:
    """Returns the first line of a node's source: all of it, but of a block its head."""
    return ast.unparse(node).split("\n")[0]


def mutants_of(file: str) -> list[Mutant]:
    """Returns every mutant of a file of the library."""
    found, seen = [], Counter()
    for node, scope, path, statement in nodes(ast.parse((ROOT / "ganzoo" / file).read_text())):
        for number, other in enumerate(variants(node)):
            key = f"{file} {scope}: {text(node)} -> {text(ast.fix_missing_locations(other))}"
            seen[key] += 1
            if seen[key] > 1:
                key += f" ({seen[key]})"
            place = f"{file} {scope} {text(statement)}"
            found.append(Mutant(key, file, scope, node.lineno, place, path, number))
    return found


def code_of(mutant: Mutant):
    """Returns the compiled source of a file with one node changed.

    Who asks for the source, as autograph does, gets the changed one, too.
    """
    file = ROOT / "ganzoo" / mutant.file
    tree = node = ast.parse(file.read_text())
    for field, place in mutant.path:
        parent, node = node, getattr(node, field)
        node = node if place is None else node[place]
    other = list(variants(node))[mutant.number]
    if place is None:
        setattr(parent, field, other)
    else:
        getattr(parent, field)[place] = other
    source = ast.unparse(ast.fix_missing_locations(tree))
    linecache.cache[str(file)] = (len(source), None, source.splitlines(True), str(file))
    return compile(source, file, "exec")


def chosen(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """Returns `count` mutants, at most one of a statement; of a file as many as it has of those."""

    def rank(mutant):
        return hashlib.sha256(f"{seed} {mutant.key}".encode()).digest()

    first = {}
    for mutant in sorted(mutants, key=rank):
        first.setdefault(mutant.statement, mutant)
    return [m for m in list(first.values()) if m.key not in EQUIVALENT][:count]


# --- the trial


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a module from code that was changed."""

    def __init__(self, name, file, code):
        super().__init__(name, str(file))
        self.code = code

    def get_code(self, fullname):
        """Returns the changed code, whatever the file holds."""
        return self.code

    def find_spec(self, name, path=None, target=None):
        """Returns the spec of the one module that it loads."""
        if name == self.name:
            return importlib.util.spec_from_file_location(name, self.path, loader=self)
        return None


class Witness:
    """Notes the first test that fails; and, for a profile, the functions that each test calls."""

    def __init__(self, note: Path, profile: bool = False):
        self.note, self.profile = note, profile
        self.now, self.rows = set(), []

    def pytest_runtest_logreport(self, report):
        """Writes the name of a test that fails."""
        if report.failed and not self.note.exists():
            self.note.write_text(report.nodeid)

    def see(self, frame, event, argument):
        """Notes a call of a function of the library."""
        code = frame.f_code
        if event != "call":
            return
        if code.co_filename.startswith(LIBRARY):
            self.now.add((code.co_filename, code.co_qualname))
        elif code.co_name.startswith("tf__"):  # what autograph makes of a function
            self.now.add((LIBRARY, code.co_name.removeprefix("tf__")))

    def pytest_sessionstart(self):
        """Begins to look."""
        if self.profile:
            threading.setprofile(self.see)
            sys.setprofile(self.see)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        """Notes what the test itself calls; what came before it is of all tests of its file."""
        file = item.nodeid.split("::")[0]
        self.rows.append((file, "", self.now, 0.0))
        self.now, began = set(), time.monotonic()
        try:
            return (yield)
        finally:
            self.rows.append((file, item.nodeid, self.now, time.monotonic() - began))
            self.now = set()

    def pytest_sessionfinish(self):
        """Writes, for each function, the tests that call it, and how long they took."""
        if not self.profile:
            return
        sys.setprofile(None)
        shared, found = {}, {}
        for file, name, calls, _ in self.rows:
            if not name:
                shared.setdefault(file, set()).update(calls)
        for file, name, calls, seconds in self.rows:
            for path, function in (calls | shared[file]) if name else ():
                key = f"{path.removeprefix(LIBRARY)} {function.replace('.<locals>', '')}"
                found.setdefault(key, {})[name] = seconds
        self.note.with_name("calls").write_text(json.dumps(found))


def tests_of(file: str) -> list[str]:
    """Returns the tests that are nearest to a file."""
    names = TESTS.get(file) or TESTS[f"{Path(file).parts[0]}/"]
    return [name if name.startswith("-") else f"tests/test_{name}.py" for name in names]


def calls_of(tests: list[str]) -> dict[str, dict[str, float]]:
    """Returns for each function the tests that call it, and how long they take; kept in a cache.

    Ends the program if a test fails as it is.
    """
    words = [*tests, *(Path(test).read_text() for test in tests if not test.startswith("-"))]
    kept = ROOT / ".cache" / "mutants" / hashlib.sha256(repr(words).encode()).hexdigest()
    if not kept.exists():
        row = run(tests, 3600.0, calls=kept)
        if row["caught"]:
            sys.exit(f"{row['by']} fails without a mutant")
    return json.loads(kept.read_text())


def near(mutant: Mutant) -> tuple[list[str], float]:
    """Returns the tests to run on a mutant, the quick ones first, and how long they may take.

    They are those that call the changed function, or one of its name in a graph; then those that
    call another one of its class, since a profile does not see what a thread of TensorFlow's calls.
    Of what is run on import it is all that are near.
    """
    tests = tests_of(mutant.file)
    calls = calls_of(tests)
    names = f"{mutant.file} {mutant.scope}", f" {mutant.scope.rpartition('.')[2]}"
    found = {name: seconds for key in names for name, seconds in calls.get(key, {}).items()}
    whole = f"{mutant.file} {mutant.scope.partition('.')[0]}"
    others = {name: seconds for key, row in calls.items() if mutant.scope
              if key == whole or key.startswith(f"{whole}.")
              for name, seconds in row.items() if name not in found}  # fmt: skip
    every = {name: seconds for row in calls.values() for name, seconds in row.items()}
    limit = 30.0 + 5 * sum(((found | others) or every).values())
    chosen = [*sorted(found, key=found.get), *sorted(others, key=others.get)]
    return chosen or tests, limit


def run(tests: list[str], limit: float, mutant: Mutant | None = None, calls: Path | None = None):
    """Runs tests in a process of its own; returns whether they failed, which one, and how long."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder, "note")
        if (pid := os.fork()) == 0:
            os._exit(child(tests, mutant, note, bool(calls)))
        status = waited(pid, limit)
        by = note.read_text() if note.exists() else ""
        if calls and status == 0:
            calls.parent.mkdir(parents=True, exist_ok=True)
            calls.write_text(note.with_name("calls").read_text())
    if status not in (0, None):
        by = by or f"pytest ended with {status}"
    seconds = round(time.monotonic() - began, 1)
    return {"caught": status != 0, "by": "timeout" if status is None else by, "seconds": seconds}


def child(tests: list[str], mutant: Mutant | None, note: Path, profile: bool) -> int:
    """Runs the tests in this process, on the mutant; returns pytest's status."""
    os.setsid()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    try:
        if mutant:
            parts = Path("ganzoo", mutant.file).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            loader = Loader(name, ROOT / "ganzoo" / mutant.file, code_of(mutant))
            sys.meta_path.insert(0, loader)
        words = ["-x", "-q", "-p", "no:cacheprovider", "-o", "addopts=", "-m", "not slow"]
        return int(pytest.main([*words, *tests], plugins=[Witness(note, profile)]))
    except BaseException:
        return 70


def waited(pid: int, limit: float) -> int | None:
    """Returns the status of a process, or None if it took too long and was ended."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--files", default="", help="only files with one of these in their names")
    parser.add_argument("--count", type=int, default=240)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--again", action="store_true", help="try those that had survived again")
    parser.add_argument("--list", action="store_true", help="print the mutants and end")
    parser.add_argument("--out", type=Path, default=PATH)
    args = parser.parse_args()
    os.chdir(ROOT)
    patterns = [f"ganzoo/{x}" if x.endswith(".py") else f"ganzoo/{x}**/*.py" for x in TESTS]
    paths = {p for pattern in patterns for p in Path().glob(pattern) if p.stem != "__main__"}
    files = sorted(str(path.relative_to("ganzoo")) for path in paths)
    files = [file for file in files if any(part in file for part in args.files.split(","))]
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    todo = chosen(mutants, args.count, args.seed)
    if args.list:
        print(*(f"{m.file}:{m.line} {m.key.partition(': ')[2]}" for m in todo), sep="\n")
        return
    report = json.loads(args.out.read_text()) if args.out.exists() else {}
    tried = report.get("mutants", {})
    present = {mutant.key for mutant in mutants}
    tried = {key: row for key, row in tried.items() if key in present or args.files}
    load()
    for mutant in todo:
        known = tried.get(mutant.key)
        if known and (known["caught"] or not args.again):
            continue
        line = f"ganzoo/{mutant.file}:{mutant.line}"
        row = run(*near(mutant), mutant)
        tried[mutant.key] = {"line": line} | row
        print("caught  " if row["caught"] else "SURVIVED", line, mutant.key, flush=True)
        write(args.out, args.seed, tried)


def load() -> None:
    """Imports what takes long and is not changed; nothing is computed, so that forks are safe."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import h5py  # noqa: F401
    import hypothesis  # noqa: F401
    import keras  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import PIL.Image  # noqa: F401
    import tensorflow  # noqa: F401


def write(path: Path, seed: int, tried: dict) -> None:
    """Writes the report, whole or not at all."""
    tried = {key: row for key, row in tried.items() if key not in EQUIVALENT}
    caught = sum(row["caught"] for row in tried.values())
    report = {
        "what": "mutants of the library that the tests notice",
        "tried": len(tried),
        "caught": caught,
        "share": round(caught / len(tried), 4),
        "seed": seed,
        "survivors": sorted(f"{r['line']} {k}" for k, r in tried.items() if not r["caught"]),
        "equivalent": EQUIVALENT,
        "mutants": tried,
    }
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(report, indent=1) + "\n")
    os.replace(part, path)


if __name__ == "__main__":
    main()
