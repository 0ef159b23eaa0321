"""Callbacks for `fit`: checkpoints, evaluation, logs, sample images and failure detection."""

from ganzoo.callbacks.checkpoint import Checkpoint
from ganzoo.callbacks.evaluate import Evaluate
from ganzoo.callbacks.failure_monitor import FailureMonitor
from ganzoo.callbacks.interrupt import Interrupt
from ganzoo.callbacks.run_log import RunLog
from ganzoo.callbacks.sample_grid import SampleGrid
from ganzoo.callbacks.throughput import StopAtStep, Throughput
from ganzoo.engine.habits import OneSide, TerminateOnNaN

__all__ = [
    "Checkpoint",
    "Evaluate",
    "FailureMonitor",
    "Interrupt",
    "OneSide",
    "RunLog",
    "SampleGrid",
    "StopAtStep",
    "TerminateOnNaN",
    "Throughput",
]
