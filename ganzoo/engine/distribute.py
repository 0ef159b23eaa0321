"""What several replicas need and Keras' own training loop does not give."""

import concurrent.futures
import contextlib
import json
import os

import keras
import tensorflow as tf

from ganzoo import random
from ganzoo.errors import InputError, WorkerLost, unknown

GONE = (  # what a collective operation raises that another worker did not come to
    tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError,
    tf.errors.DeadlineExceededError, tf.errors.InternalError,
)  # fmt: skip
EXAMPLE = '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'
STRATEGIES = ("none", "mirrored", "multiworker", "tpu")


def replicas(strategy: tf.distribute.Strategy | None = None) -> int:
    """Returns the number of replicas of a strategy, by default of the one in force."""
    return (strategy or tf.distribute.get_strategy()).num_replicas_in_sync


def workers(strategy: tf.distribute.Strategy) -> int:
    """Returns the number of processes of a strategy."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return 1
    spec = strategy.cluster_resolver.cluster_spec()
    return max(1, sum(map(spec.num_tasks, spec.jobs)))


def is_chief(strategy: tf.distribute.Strategy | None = None) -> bool:
    """Returns whether this process is the one that writes: all are, but of several workers one."""
    strategy = strategy or tf.distribute.get_strategy()
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return True
    resolver = strategy.cluster_resolver
    jobs = resolver.cluster_spec().as_dict()
    first = "chief" if "chief" in jobs else "worker"
    return not jobs or (resolver.task_type, resolver.task_id) == (first, 0)


def strategy_of(name: str) -> tf.distribute.Strategy:
    """Returns the strategy of a name; make it before anything is computed.

    Args:
        name: "none", one device; "mirrored", all GPUs of this machine; "multiworker", all workers
            that the environment variable TF_CONFIG names; or "tpu".

    Raises:
        InputError: If there is no such strategy, or no such workers.
    """
    if name not in STRATEGIES:
        raise unknown("strategy", name, STRATEGIES)
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    if name == "multiworker":
        _check_workers()
        return tf.distribute.MultiWorkerMirroredStrategy()
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
        return tf.distribute.TPUStrategy(resolver)
    except (ValueError, tf.errors.OpError) as error:
        raise InputError(f"--strategy=tpu: {str(error).splitlines()[0]}") from error


def _check_workers() -> None:
    """Refuses a TF_CONFIG that does not say who the workers are, and which one this is."""
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text)
        job, index = config["task"]["type"], config["task"]["index"]
        there = config["cluster"][job][index] if index >= 0 else None
    except (ValueError, LookupError, TypeError):
        there = None
    if not isinstance(there, str):
        raise InputError(
            "--strategy=multiworker: expected TF_CONFIG to name the workers and which of them this "
            f"is, as in {EXAMPLE}; got {text[:200]!r}. On one machine: "
            "ganzoo launch --workers=2 -- train.py --strategy=multiworker ..."
        )


@contextlib.contextmanager
def failures_named(strategy: tf.distribute.Strategy):
    """Says plainly, in this context, what TensorFlow's collective operations fail with.

    Raises:
        WorkerLost: If another worker is gone.
        InputError: If the process has trained on another MirroredStrategy: TensorFlow numbers the
            sums of each from the start, and takes those of the second for the first's (tensorflow
            issue 62790).
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        if "Shape mismatch in the collective" not in str(error):
            raise
        raise InputError(
            "expected one tf.distribute strategy in this process, got two that TensorFlow cannot "
            "tell apart. Make it once, use it for every model, and start the process again."
        ) from error
    except GONE as error:
        if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            raise
        raise WorkerLost(
            "another worker of this training ended or cannot be reached. Start all of them again: "
            "the run goes on after its last checkpoint."
        ) from error


def untraced(make):
    """Returns what `make` makes, with its variables outside of the function that is being traced.

    A `tf.function` that sees a variable made, in `tf.init_scope` too, is traced a second time. What
    it looks out for is of its thread: in another one nothing is traced.
    """
    strategy = tf.distribute.get_strategy()

    def made():
        with strategy.scope():
            return make()

    with concurrent.futures.ThreadPoolExecutor(1) as other:
        return other.submit(made).result()


def replica_key(seed: int, step):
    """Returns the random key of this step on this replica."""
    context = tf.distribute.get_replica_context()
    replica = context.replica_id_in_sync_group if context is not None else 0
    return random.fold(random.key(seed, step.value), replica)


def loss_scaled(optimizer, networks) -> keras.optimizers.Optimizer:
    """Returns the optimizer, with dynamic loss scaling if the networks compute in float16."""
    layers = [layer for network in networks for layer in network._flatten_layers()]
    if not any(layer.compute_dtype == "float16" for layer in layers):
        return optimizer
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def apply(optimizer, gradients, weights) -> None:
    """Applies the gradients, which the optimizer sums over replicas.

    Under loss scaling all replicas must agree that the gradients are finite, where Keras asks only
    the first: one that overflowed elsewhere would reach every weight.
    """
    context = tf.distribute.get_replica_context()
    scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if scaled and context is not None and context.num_replicas_in_sync > 1:
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in gradients])
        bad = context.all_reduce("SUM", tf.cast(~finite, tf.float32))
        gradients = [tf.where(bad > 0, tf.constant(float("nan"), g.dtype), g) for g in gradients]
    optimizer.apply(gradients, weights)


def in_turn(function, turns: int) -> dict:
    """Returns the means of the scalars that `function(turn)` returns, called so often in a row.

    In a graph all but the first are a loop, so that it is traced twice, whatever `turns` is; but
    under several replicas the calls are written out, as a loop cannot hold the sum of gradients
    over them.
    """
    sums = function(0)
    if tf.executing_eagerly() or replicas() > 1:
        for turn in range(1, turns):
            sums = tf.nest.map_structure(tf.add, sums, function(turn))
    else:
        _, sums = tf.while_loop(
            lambda turn, sums: turn < turns,
            lambda turn, sums: (turn + 1, tf.nest.map_structure(tf.add, sums, function(turn))),
            (1, sums), parallel_iterations=1,
        )  # fmt: skip
    return tf.nest.map_structure(lambda total: total / turns, sums)


def sharded(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Returns the dataset of global batches of which each worker is to take its part of every one.

    By default TensorFlow may hand out files in place of examples, and then no worker's batches are
    those that one worker alone would have.
    """
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.with_options(options)


def train_function(gan: keras.Model):
    """Returns the function that `fit` calls with its iterator, for several replicas.

    Keras 3's own fails under `steps_per_execution` > 1 and under MultiWorkerMirroredStrategy
    (keras issue 20585), and logs the first replica's values: here the logs are means over all.
    A dataset must give a multiple of `steps_per_execution` batches.
    """
    strategy = gan.distribute_strategy

    def steps(iterator):
        for _ in range(gan.steps_per_execution):
            logs = strategy.run(gan.train_step, args=(next(iterator),))
            logs = tf.nest.map_structure(lambda v: strategy.reduce("MEAN", v, axis=None), logs)
        return logs

    if gan.run_eagerly:
        return steps
    return tf.function(steps, reduce_retracing=True, autograph=False)
