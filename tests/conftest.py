"""Two logical processors, so that strategies are tested for real; before anything uses one.
With GANZOO_TEST_DEVICES=4 there are four. With GANZOO_NO_SKIP=1 a skipped test is a failed one.

And interrupts that are not ignored, as they are in what a shell starts in the background: the
processes that tests start and interrupt would inherit that.
"""

import gc
import os
import signal
import tempfile
from unittest import mock

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganzoo.data import store

# What was imported on this machine is none of the tests' business; the data sets are.
HOME = tempfile.TemporaryDirectory()
os.environ["GANZOO_DATA"] = str(store.folder())
os.environ["GANZOO_HOME"] = HOME.name

signal.signal(signal.SIGINT, signal.default_int_handler)
DEVICES = int(os.environ.get("GANZOO_TEST_DEVICES", "2"))
_cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(_cpu, [tf.config.LogicalDeviceConfiguration()] * DEVICES)

# Optimizing a graph, and shortening tracebacks, takes longer than what tests run.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
keras.config.disable_traceback_filtering()
tf.debugging.disable_traceback_filtering()

_iter = tf.data.Dataset.__iter__


def _untuned(dataset):
    """Iterates without the thread that tunes a pipeline.

    What ends an iterator waits for that thread, which sometimes misses the call and sleeps on for
    seconds. In a run of all tests these came to minutes.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return _iter(dataset.with_options(options))


tf.data.Dataset.__iter__ = _untuned


def pytest_collection_finish():
    """Spares the garbage collector what was imported: a million objects that stay."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # Keras makes so many objects that it ran all the time


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("GANZOO_NO_SKIP"):
        report.outcome, report.longrepr = "failed", f"skipped: {call.excinfo.value}"
    return report


@pytest.fixture(autouse=True, scope="session")
def _few_statistics():
    """After an epoch, statistics of the averaged generator are those of 32 images, not of 2048."""
    from ganzoo import ema

    with mock.patch.object(ema.EMA.recalibrate, "__defaults__", (2, 16)):
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_curves():
    """Leaves an empty picture of the curves, which take a second to draw, after every run."""
    from ganzoo.inference import pictures

    drawn = pictures.curves

    def empty(path, rows, measured=()):
        pictures.save_png(path, np.zeros((4, 4, 1), "uint8"))

    with mock.patch.object(pictures, "curves", empty):
        yield pictures, "curves", drawn


@pytest.fixture
def curves(_no_curves, monkeypatch):
    """Has the curves of runs drawn."""
    monkeypatch.setattr(*_no_curves)


@pytest.fixture(autouse=True)
def _fresh_policy():
    """Leaves no dtype policy behind for the next test."""
    yield
    keras.config.set_dtype_policy("float32")


def untraced(monkeypatch):
    """Has `fit` run without a graph, which for a step or two takes longer to trace than to run."""
    fit = keras.Model.fit

    def eager(gan, *args, **options):
        gan.run_eagerly = True
        return fit(gan, *args, **options)

    monkeypatch.setattr(keras.Model, "fit", eager)


def unexported(monkeypatch):
    """Has a run end without its export, which takes longer than to train a few steps."""
    from ganzoo import GAN

    monkeypatch.setattr(GAN, "export", lambda *args, **options: None)


@pytest.fixture
def eagerly(monkeypatch):
    """Has `fit` run without a graph."""
    untraced(monkeypatch)


@pytest.fixture
def quickly(monkeypatch):
    """Has runs train without a graph and end without an export."""
    untraced(monkeypatch)
    unexported(monkeypatch)


@pytest.fixture(scope="session")
def replicas():
    return tf.distribute.MirroredStrategy([f"CPU:{place}" for place in range(DEVICES)])
