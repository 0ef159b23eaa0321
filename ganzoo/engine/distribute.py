"""Distributed training: what several replicas need beyond Keras' own training loop."""

import concurrent.futures
import contextlib
import json
import os

import keras
import tensorflow as tf

from ganzoo import random
from ganzoo.errors import InputError, WorkerLost, unknown

GONE = (  # what a collective operation raises if another worker does not take part
    tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError,
    tf.errors.DeadlineExceededError, tf.errors.InternalError,
)  # fmt: skip
EXAMPLE = '{"cluster": {"worker": ["a:2222", "b:2222"]}, "task": {"type": "worker", "index": 0}}'
STRATEGIES = ("none", "mirrored", "multiworker", "tpu")


def replicas(strategy: tf.distribute.Strategy | None = None) -> int:
    """Returns the number of replicas of a strategy, by default of the current one."""
    return (strategy or tf.distribute.get_strategy()).num_replicas_in_sync


def workers(strategy: tf.distribute.Strategy) -> int:
    """Returns the number of processes of a strategy."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return 1
    spec = strategy.cluster_resolver.cluster_spec()
    return max(1, sum(map(spec.num_tasks, spec.jobs)))


def is_chief(strategy: tf.distribute.Strategy | None = None) -> bool:
    """Returns whether this process writes files: of several workers, only the first one does."""
    strategy = strategy or tf.distribute.get_strategy()
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return True
    resolver = strategy.cluster_resolver
    jobs = resolver.cluster_spec().as_dict()
    first = "chief" if "chief" in jobs else "worker"
    return not jobs or (resolver.task_type, resolver.task_id) == (first, 0)


def strategy_of(name: str) -> tf.distribute.Strategy:
    """Creates the strategy of a name; must be called before anything is computed.

    Args:
        name: "none", one device; "mirrored", all GPUs of this machine; "multiworker", all workers
            that the environment variable TF_CONFIG names; or "tpu".

    Raises:
        InputError: If the strategy is unknown or its workers are not available.
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
    """Raises `InputError` if TF_CONFIG does not name the workers and the role of this one."""
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text)
        job, index = config["task"]["type"], config["task"]["index"]
        address = config["cluster"][job][index] if index >= 0 else None
    except (ValueError, LookupError, TypeError):
        address = None
    if not isinstance(address, str):
        raise InputError(
            "--strategy=multiworker: expected TF_CONFIG to list the workers and to say which one "
            f"this is, as in {EXAMPLE}; got {text[:200]!r}. On a single machine, run: "
            "ganzoo launch --workers=2 -- train.py --strategy=multiworker ..."
        )


@contextlib.contextmanager
def failures_named(strategy: tf.distribute.Strategy):
    """Replaces errors of TensorFlow's collective operations by ones that name the cause.

    Raises:
        WorkerLost: If another worker is gone.
        InputError: If the process has trained under another MirroredStrategy: TensorFlow numbers
            the all-reduce operations of each strategy from zero, so that those of the second are
            confused with those of the first (tensorflow issue 62790).
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        if "Shape mismatch in the collective" not in str(error):
            raise
        raise InputError(
            "expected a single tf.distribute strategy in this process, got two, which TensorFlow "
            "cannot tell apart. Create one, use it for all models, and restart the process."
        ) from error
    except GONE as error:
        if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            raise
        raise WorkerLost(
            "another worker of this training has ended or cannot be reached. Restart all workers: "
            "the run resumes from its last checkpoint."
        ) from error


def untraced(make):
    """Returns the result of `make`, whose variables are created outside of the traced function.

    If a variable is created while a `tf.function` is traced, even in `tf.init_scope`, the function
    is traced a second time. Tracing is local to a thread, so `make` is called in another one.
    """
    strategy = tf.distribute.get_strategy()

    def make_in_scope():
        with strategy.scope():
            return make()

    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        return executor.submit(make_in_scope).result()


def replica_key(seed: int, step):
    """Returns the random key of this step on this replica."""
    context = tf.distribute.get_replica_context()
    replica = context.replica_id_in_sync_group if context is not None else 0
    return random.fold(random.key(seed, step.value), replica)


def loss_scaled(optimizer, networks) -> keras.optimizers.Optimizer:
    """Adds dynamic loss scaling to the optimizer if the networks compute in float16."""
    layers = [layer for network in networks for layer in network._flatten_layers()]
    if not any(layer.compute_dtype == "float16" for layer in layers):
        return optimizer
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def apply(optimizer, gradients, weights) -> None:
    """Applies the gradients, which the optimizer sums over replicas.

    With loss scaling, Keras only checks whether the gradients of the first replica are finite: an
    overflow on another one would reach every weight. Here all replicas are checked.
    """
    context = tf.distribute.get_replica_context()
    scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    if scaled and context is not None and context.num_replicas_in_sync > 1:
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(g)) for g in gradients])
        overflows = context.all_reduce("SUM", tf.cast(~finite, tf.float32))
        gradients = [
            tf.where(overflows > 0, tf.constant(float("nan"), g.dtype), g) for g in gradients
        ]
    optimizer.apply(gradients, weights)


def traced_once(function):
    """Returns `function` for several calls in a graph, of which only the first traces it.

    Where calls are written out, it is returned as it is.
    """
    return function if _written_out() else tf.function(function, autograph=False)


def in_turn(function, turns: int) -> dict:
    """Calls `function(turn)` for each turn and returns the means of the scalars it returns.

    In a graph, all calls but the first are a loop, so that the function is traced only twice for
    any number of turns, unless calls are written out.
    """
    sums = function(0)
    if _written_out():
        for turn in range(1, turns):
            sums = tf.nest.map_structure(tf.add, sums, function(turn))
    else:
        _, sums = tf.while_loop(
            lambda turn, sums: turn < turns,
            lambda turn, sums: (turn + 1, tf.nest.map_structure(tf.add, sums, function(turn))),
            (1, sums), parallel_iterations=1,
        )  # fmt: skip
    return tf.nest.map_structure(lambda total: total / turns, sums)


def _written_out() -> bool:
    """Returns whether repeated calls are written out: in eager mode, and under a strategy.

    Gradients cannot be all-reduced inside a function or a loop, and a strategy of one device says
    that it reduces them, too.
    """
    return tf.executing_eagerly() or tf.distribute.has_strategy()


def sharded(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Sets the dataset to be sharded by examples: each worker takes its part of every global batch.

    By default TensorFlow may shard by files, and then the global batches differ from those of a
    single worker.
    """
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return dataset.with_options(options)


def train_function(gan: keras.Model):
    """Returns the train function, which `fit` calls with its iterator, for several replicas.

    Keras 3's own fails with `steps_per_execution` > 1 and under MultiWorkerMirroredStrategy (keras
    issue 20585), and logs the values of the first replica; this one logs means over all replicas.
    The number of batches must be a multiple of `steps_per_execution`.
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
