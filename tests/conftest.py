"""Two logical processors, so that strategies are tested for real; before anything uses one.

And interrupts that are not ignored, as they are in what a shell starts in the background: the
processes that tests start and interrupt would inherit that.
"""

import os
import signal

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import pytest
import tensorflow as tf

signal.signal(signal.SIGINT, signal.default_int_handler)
_cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(_cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


@pytest.fixture(autouse=True)
def _fresh_policy():
    """Leaves no dtype policy behind for the next test."""
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def two_replicas():
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
