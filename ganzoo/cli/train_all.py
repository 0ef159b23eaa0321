"""`ganzoo train-all`: trains many recipes, one after the other."""

import argparse
import contextlib
import datetime
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ganzoo.cli.parser import positive
from ganzoo.engine import files
from ganzoo.errors import InputError

CHILD = "from ganzoo.cli.train_all import train_one; train_one()"  # takes run_dir and data_dir
LOG, COPY = "queue.log", "queued.toml"


def add(command) -> None:
    """Adds the command."""
    parser = command(
        "train-all", train_all, "train many recipes, one after the other",
        "ganzoo train-all --recipes=models/queue --runs=runs --hours=8",
        "\nRuns at low priority. Finished runs are skipped, unfinished ones are resumed, and "
        f"failures are\nlisted at the end. The log is RUNS/{LOG}; the output of a run is in "
        "RUNS/<name>/train.log.",
    )  # fmt: skip
    parser.add_argument(
        "--recipes", required=True, type=Path, metavar="DIR",
        help="a folder of .toml files, which are trained in alphabetical order; or one file",
    )  # fmt: skip
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), help="folder of the runs (default: runs)"
    )
    parser.add_argument(
        "--hours", type=positive, metavar="H", help="start no further run after this time"
    )
    parser.add_argument("--data_dir", metavar="DIR", help="folder of imported data sets")


def train_all(args: argparse.Namespace) -> int:
    """Trains the recipes; returns 1 if one failed."""
    from ganzoo.training.recipe import Recipe  # here: it takes a while to import

    paths = [args.recipes] if args.recipes.is_file() else sorted(args.recipes.glob("*.toml"))
    if not paths:
        raise InputError(
            f"--recipes: expected a .toml file or a folder of them, got {str(args.recipes)!r}."
        )
    for path in paths:  # invalid recipes are reported at the start
        Recipe.load(path)
        is_done(args.runs / path.stem, path)
    args.runs.mkdir(parents=True, exist_ok=True)
    started, results = time.monotonic(), {}
    for path in paths:
        name = path.stem
        if is_done(args.runs / name, path):
            results[name] = "already finished"
        elif args.hours and time.monotonic() - started > 3600 * args.hours:
            results[name] = "not started: the time is up"
        else:
            _log(args.runs, f"{name}: started")
            results[name] = _train(path, args.runs / name, args.data_dir)
        _log(args.runs, f"{name}: {results[name]}")
    failed = [name for name, result in results.items() if result.startswith("failed")]
    print(f"{len(results) - len(failed)} of {len(results)} without failure; {args.runs / LOG}")
    return int(bool(failed))


def is_done(run_dir: Path, path: Path) -> bool:
    """Returns whether the run of a recipe is finished.

    It is not if the recipe now has more steps than the run was trained with.

    Raises:
        InputError: If the folder holds a finished run of another recipe.
    """
    from ganzoo.training.recipe import Recipe, is_longer

    copy = run_dir / COPY
    if not (run_dir / "summary.json").is_file():
        return False
    if not copy.is_file() or copy.read_bytes() != path.read_bytes():
        if copy.is_file() and is_longer(Recipe.load(copy), Recipe.load(path)):
            return False
        raise InputError(
            f"{run_dir} holds a finished run of another recipe than {path}: choose another --runs "
            "folder, or rename the recipe."
        )
    return True


def _train(path: Path, run_dir: Path, data_dir: str | None) -> str:
    """Trains one recipe in a separate process; returns the outcome."""
    run_dir.mkdir(parents=True, exist_ok=True)
    files.write_text(run_dir / COPY, path.read_text("utf-8"))
    command = [sys.executable, "-c", CHILD, str(run_dir), data_dir or ""]
    log = run_dir / "train.log"
    started = time.monotonic()
    with open(log, "ab") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, preexec_fn=_lower_priority)
        before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # as under nohup
                signal.signal(number, signal.default_int_handler)
        try:
            status = process.wait()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    minutes = (time.monotonic() - started) / 60
    if status:
        last = log.read_text("utf-8", errors="replace").strip().splitlines()[-1:]
        return f"failed with status {status}: {' '.join(last)} (see {log})"
    summary = json.loads((run_dir / "summary.json").read_text("utf-8"))
    value = summary["metrics"][summary["monitor"]]["value"]
    alarms = [alarm["failure"] for alarm in summary["alarms"]]
    alarm_text = f", alarms: {', '.join(alarms)}" if alarms else ""
    return f"done in {minutes:.1f} minutes, {summary['monitor']} {value:.4g}{alarm_text}"


def _lower_priority() -> None:
    """Gives this process the lowest priority, in a session of its own.

    Linux divides processor time among sessions (`man 7 sched`, autogroup), and the nice value of a
    process only counts within its session. So that of the session is set as well.
    """
    os.nice(15)
    os.setsid()
    with contextlib.suppress(OSError):  # other systems, and kernels built without it
        Path("/proc/self/autogroup").write_text("15", "ascii")


def train_one() -> None:
    """Trains the recipe in the run directory that the command line names."""
    from ganzoo.engine.quiet import import_tensorflow

    import_tensorflow()
    from ganzoo.training import run
    from ganzoo.training.recipe import Recipe

    run_dir, data_dir = Path(sys.argv[1]), sys.argv[2] or None
    try:
        run.train(Recipe.load(run_dir / COPY), run_dir, data_dir, verbose=2)
    except InputError as error:
        sys.exit(" ".join(str(error).split()))
    except KeyboardInterrupt:
        sys.exit(130)


def _log(runs: Path, line: str) -> None:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
    print(f"{now}  {line}", flush=True)
    with open(runs / LOG, "a", encoding="utf-8") as file:
        file.write(f"{now}  {line}\n")
