"""Keras habits: arguments of `compile` and `fit`, and callbacks that set the learning rate."""

import keras

import ganzoo

from .shared import FLOATS, game
from .situation import situation


@situation("Keras habits", "compile", "optimizer=", "give g_optimizer and d_optimizer")
def _(folder):
    return game().compile(optimizer="adam") is None


@situation("Keras habits", "compile", "metrics=", "callbacks.Evaluate(images)")
def _(folder):
    return game().compile(metrics=["accuracy"]) is None


@situation("Keras habits", "compile", "a misspelled argument", "Did you mean 'penalties'")
def _(folder):
    return game().compile(penaltys=[]) is None


@situation("Keras habits", "fit", "validation_data=", "no validation loss")
def _(folder):
    return game().fit(FLOATS, validation_data=FLOATS, verbose=0) is None


def rates(callback) -> list[float]:
    """Returns the learning rates of G and D after two epochs with a callback, from 0.25 both."""
    sgd = [keras.optimizers.SGD(0.25) for _ in range(2)]
    gan = game(g_optimizer=sgd[0], d_optimizer=sgd[1])
    gan.fit(FLOATS[:4], batch_size=4, epochs=2, verbose=0, callbacks=[callback])
    return [float(gan.g_optimizer.learning_rate), float(gan.d_optimizer.learning_rate)]


def halving():
    """Returns a schedule that halves a rate in each epoch."""
    return keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)


@situation("Keras habits", "fit", "LearningRateScheduler: both optimizers")
def _(folder):
    return rates(halving()) == [0.0625, 0.0625]


@situation("Keras habits", "fit", "LearningRateScheduler of one side")
def _(folder):
    return rates(ganzoo.callbacks.OneSide("d", halving())) == [0.25, 0.0625]


@situation("Keras habits", "fit", "ReduceLROnPlateau: both optimizers")
def _(folder):
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="d_adv", mode="min", patience=1, min_delta=100.0, factor=0.5
    )
    return rates(plateau) == [0.125, 0.125]


@situation("Keras habits", "fit", "TerminateOnNaN: it ends the training")
def _(folder):
    gan = game(d_optimizer=keras.optimizers.SGD(1e30), g_optimizer=keras.optimizers.SGD(1e30))
    callback = keras.callbacks.TerminateOnNaN()
    gan.fit(FLOATS, batch_size=4, epochs=5, verbose=0, callbacks=[callback])
    return gan.stop_training and int(gan.step.numpy()) < 20
