"""What several replicas need and Keras' own training loop does not give."""

import keras
import tensorflow as tf

from ganzoo import random


def replicas(strategy: tf.distribute.Strategy | None = None) -> int:
    """Returns the number of replicas of a strategy, by default of the one in force."""
    return (strategy or tf.distribute.get_strategy()).num_replicas_in_sync


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
