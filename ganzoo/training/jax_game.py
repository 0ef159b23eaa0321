"""A game under Keras' JAX backend: its step as a pure function.

It plays a variant's own game: its networks, loss methods, losses, penalties, augmentation, average
and optimizers are those of the package; only the gradients are taken by JAX. What calls TensorFlow
itself (roll-outs, the search of IMLE, ...) is refused in one line.

As the step is pure, `jax.vmap` plays many games at once: of other seeds, whose keys differ.
"""

import contextlib

import jax
import jax.numpy as jnp
import keras

from ganzoo import random
from ganzoo.engine.sides import side_of, weights_of
from ganzoo.gan import joined


class JaxGame:
    """The step of a compiled GAN as a pure function of its state, a dict of lists of arrays.

    The keys of a state are `d` and `g`, the trainable weights of the sides; `d_slots` and
    `g_slots`, the variables of their optimizers; and `rest`, all others: statistics, the average.

    Args:
        gan: A compiled game.
    """

    def __init__(self, gan):
        self.gan = gan
        self.sides = [side for side in "dg" if side_of(gan, side) is not None]
        self.optimizers = {"d": gan.d_optimizer, "g": gan.g_optimizer}
        self.variables = {side: weights_of(side_of(gan, side)) for side in self.sides}
        learned = {id(v) for side in self.sides for v in self.variables[side]}
        rest = {id(v): v for v in gan.variables if id(v) not in learned}
        self.variables["rest"] = list(rest.values())
        for side in self.sides:
            self.variables[f"{side}_slots"] = self.optimizers[side].variables

    def state(self) -> dict:
        """Returns the state that the variables hold."""
        return {key: [v.value for v in held] for key, held in self.variables.items()}

    def copied(self) -> dict:
        """Returns the state that the variables hold, in memory of its own, which may be donated."""
        return jax.tree.map(jnp.copy, self.state())

    def hold(self, state: dict) -> None:
        """Assigns a state to the variables."""
        for key, held in self.variables.items():
            for variable, value in zip(held, state[key], strict=True):
                variable.assign(value)

    @contextlib.contextmanager
    def within(self, state: dict):
        """While it is open, the variables have the values of a state; `rest` reads them back."""
        pairs = [
            pair for key, held in self.variables.items()  # also the optimizers' count of turns
            for pair in zip(held, state[key], strict=True)
        ]  # fmt: skip
        with keras.StatelessScope(state_mapping=pairs) as scope:
            yield scope

    def rest(self, scope) -> list:
        """Returns the values of the variables other than trainable weights, inside `within`."""
        return [scope.get_current_value(variable) for variable in self.variables["rest"]]

    def fakes(self, state: dict, batch: dict, key) -> tuple[dict, dict]:
        """Returns the fakes of a batch, and the state after them: G's statistics move."""
        with self.within(state) as scope, random.scope(key):
            fakes = jax.lax.stop_gradient(self.gan.generate(batch))
            return fakes, state | {"rest": self.rest(scope)}

    def replayed(self, state: dict, batch: dict, key) -> tuple[dict, dict]:
        """Returns the batch with the fakes that D sees, and the state after they were stored."""
        if self.gan.replay is None:
            return batch, state
        with self.within(state) as scope, random.scope(random.fold(key, 3)):
            batch = batch | self.gan.replay.fakes(self.gan, batch)
            return batch, state | {"rest": self.rest(scope)}

    def turn(self, side: str, state: dict, batch: dict, key) -> tuple[dict, dict]:
        """Plays a side's turn on a batch; returns the state after it, and its logs.

        Args:
            side: "d" or "g".
            state: The state before it.
            batch: The batch; without its fakes for G, which makes them again, from the same key.
            key: Random key of the turn.
        """
        gan, optimizer = self.gan, self.optimizers[side]

        def objective(weights):
            with self.within(state | {side: weights}) as scope:
                with random.scope(key):
                    filled = batch if side == "d" else batch | gan.generate(batch)
                with random.scope(random.fold(key, 1 if side == "d" else 2)):
                    terms = joined(self.terms(side, filled), gan.penalise(side, filled))
                return sum(terms.values()), (terms, self.rest(scope))

        gradients, (terms, rest) = jax.grad(objective, has_aux=True)(state[side])
        norm = jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in gradients))
        weights, slots = optimizer.stateless_apply(state[f"{side}_slots"], gradients, state[side])
        after = {side: weights, f"{side}_slots": slots, "rest": rest}
        if side == "d" and gan.balance is not None:
            after |= self.balanced(state, after)
        terms = terms | {"grad_norm": norm}
        return state | after, {f"{side}_{name}": value for name, value in terms.items()}

    def terms(self, side: str, batch: dict) -> dict:
        """Returns the terms of a side's own loss, within a state."""
        if side == "d":
            return self.gan.discriminator_loss(batch)
        replay = self.gan.replay
        with contextlib.nullcontext() if replay is None else replay.judge(self.gan):
            return self.gan.generator_terms(batch)

    def balanced(self, before: dict, after: dict) -> dict:
        """Returns what of the state after D's turn stays as before it, if D has to wait."""
        with self.within(before | after):
            waits = self.gan.balance.waits()
        return {
            key: [
                jnp.where(waits, old, new) for old, new in zip(before[key], after[key], strict=True)
            ]
            for key in ("d", "d_slots")
        }

    def step(self, state: dict, batches: list[dict], key) -> tuple[dict, dict]:
        """Plays a step: D's turns, one batch each, then G's turn on the last batch and its fakes.

        Args:
            state: The state before it.
            batches: `n_critic` batches.
            key: Random key of the step, `random.key(seed, number)`.
        """
        gan, logs = self.gan, {}
        for turn, batch in enumerate(batches):
            own = random.fold(key, (turn + 1) % len(batches))
            if "d" in self.sides:
                filled = batch
                if "g" in self.sides:
                    fakes, after = self.fakes(state, batch, own)
                    filled = batch | fakes
                    # In the last turn G's statistics move when G makes these fakes again.
                    state = state if turn == len(batches) - 1 else after
                    filled, state = self.replayed(state, filled, own)
                state, logs = self.turn("d", state, filled, own)
        if "g" in self.sides:
            state, more = self.turn("g", state, batches[-1], own)
            logs |= more
        with self.within(state) as scope:
            gan.step.assign(gan.step + 1)
            if gan.ema is not None:
                gan.ema.update(gan)
            if gan.replay is not None:
                gan.replay.after_step(gan)
            gan.after_step(logs)
            return state | {"rest": self.rest(scope)}, logs | gan.states()
