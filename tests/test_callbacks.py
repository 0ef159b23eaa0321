"""The callbacks: checkpoints that survive anything, logs, rates, the end of a run."""

import json
import os
import signal
import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import ganzoo
from ganzoo import callbacks
from ganzoo.callbacks import run_log
from ganzoo.callbacks import throughput as throughput_module
from ganzoo.errors import InputError
from ganzoo.metrics import spaces

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 1), "uint8")


@pytest.fixture(scope="module")
def shared():
    """Returns a compiled GAN and the weights it started from."""
    gan = ganzoo.create("gan", (8, 8, 1), width=4, latent_dim=4)
    return gan, [v.numpy() for v in gan.variables]


@pytest.fixture
def gan(shared):
    """Returns the GAN as it was before any training."""
    gan, start = shared
    for variable, value in zip(gan.variables, start, strict=False):
        variable.assign(value)
    gan.stop_training = False
    return gan


def endless():
    return tf.data.Dataset.from_tensors(IMAGES).repeat()


def fit(gan, *added, steps=2, epochs=3, **kwargs):
    return gan.fit(
        endless(), steps_per_epoch=steps, epochs=epochs, verbose=0, callbacks=list(added), **kwargs
    )


class Logs(keras.callbacks.Callback):
    """Puts given values into the logs of each epoch."""

    def __init__(self, **values):
        super().__init__()
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs.update({name: values[epoch] for name, values in self.values.items()})


@pytest.fixture
def epoch_ends(gan):
    """Returns a function that ends epochs without training: one weight tells them apart."""

    def end(checkpoint, *swds, begin=0):
        checkpoint.set_model(gan)
        for epoch, swd in enumerate(swds, begin):
            gan.step.assign(10 * (epoch + 1))
            gan.generator.weights[0].assign(np.full(gan.generator.weights[0].shape, epoch + 1.0))
            checkpoint.on_epoch_end(epoch, {} if swd is None else {"swd": swd})

    return end


def mark(gan):
    """Returns the epoch whose weights the GAN has."""
    return float(gan.generator.weights[0].numpy().mean())


def steps_kept(directory):
    """Returns the steps of the checkpoints in a directory, which hold nothing else."""
    names = sorted(os.listdir(directory))
    steps = sorted({int(name[5:13]) for name in names})
    endings = (".json", ".weights.h5")
    assert names == sorted(f"step-{step:08d}{end}" for step in steps for end in endings)
    return steps


def reset(gan):
    gan.step.assign(0)
    gan.generator.weights[0].assign(np.zeros(gan.generator.weights[0].shape))


# --- Checkpoint


@pytest.mark.parametrize(
    "swds, kept",
    [
        ([1.0], [10]),
        ([0.1, 0.5, 0.4, 0.3, 0.2], [10, 40, 50]),
        ([0.5, 0.4, 0.1, 0.3, 0.2], [30, 40, 50]),
        ([0.5, 0.4, 0.3, 0.2, 0.1], [40, 50]),
        ([None] * 4, [30, 40]),
        ([None, 0.7, None, None], [20, 30, 40]),
    ],
)
def test_the_newest_two_and_the_best_are_kept(epoch_ends, tmp_path, swds, kept):
    epoch_ends(callbacks.Checkpoint(tmp_path), *swds)
    assert steps_kept(tmp_path) == kept


def test_saving_makes_no_optimizers(epoch_ends, tmp_path, monkeypatch):
    checkpoint, made = callbacks.Checkpoint(tmp_path), []
    epoch_ends(checkpoint, 0.5)
    build = keras.optimizers.Optimizer.__init__
    monkeypatch.setattr(
        keras.optimizers.Optimizer, "__init__", lambda *a, **k: made.append(a) or build(*a, **k)
    )
    epoch_ends(checkpoint, 0.5, begin=1)
    assert steps_kept(tmp_path) == [10, 20] and not made


def test_keep_and_monitor_are_arguments(gan, tmp_path):
    checkpoint = callbacks.Checkpoint(tmp_path, monitor="fid", keep=1)
    fit(gan, Logs(fid=[3.0, 1.0, 2.0], swd=[0, 1, 2]), checkpoint, steps=1)
    assert steps_kept(tmp_path) == [2, 3]
    assert checkpoint.restore_best(gan)["fid"] == 1.0


def test_the_newest_is_restored(gan, epoch_ends, tmp_path):
    epoch_ends(callbacks.Checkpoint(tmp_path), 0.1, 0.2, 0.3)
    reset(gan)
    assert callbacks.Checkpoint(tmp_path).restore(gan) == 3
    assert mark(gan) == 3 and int(gan.step.numpy()) == 30


def test_the_best_is_restored(gan, epoch_ends, tmp_path):
    epoch_ends(callbacks.Checkpoint(tmp_path), 0.2, 0.1, 0.4, 0.3)
    record = callbacks.Checkpoint(tmp_path).restore_best(gan)
    assert (record["epoch"], record["step"], record["swd"]) == (2, 20, 0.1)
    assert mark(gan) == 2


def test_the_newest_is_the_best_where_nothing_was_measured(gan, epoch_ends, tmp_path):
    epoch_ends(callbacks.Checkpoint(tmp_path), None, None)
    reset(gan)
    assert callbacks.Checkpoint(tmp_path).restore_best(gan)["step"] == 20
    assert mark(gan) == 2


@pytest.mark.parametrize("swds", [[np.nan, 0.5, 0.7, 0.9], [0.5, np.nan, 0.7, 0.9]])
def test_an_epoch_that_diverged_is_not_the_best(gan, epoch_ends, tmp_path, swds):
    checkpoint = callbacks.Checkpoint(tmp_path)
    epoch_ends(checkpoint, *swds)
    assert checkpoint.restore_best(gan)["swd"] == 0.5


def test_an_epoch_that_diverged_last_is_not_the_best(gan, epoch_ends, tmp_path):
    checkpoint = callbacks.Checkpoint(tmp_path)
    epoch_ends(checkpoint, 0.5, 0.7, np.nan, np.nan)
    assert checkpoint.restore_best(gan)["swd"] == 0.5


def test_without_checkpoints_a_run_begins_at_its_beginning(gan, tmp_path):
    for directory in (tmp_path, tmp_path / "none"):
        assert callbacks.Checkpoint(directory).restore(gan) == 0
        assert callbacks.Checkpoint(directory).restore_best(gan) is None
    assert int(gan.step.numpy()) == 0


def test_everything_is_restored_and_training_goes_on(gan, tmp_path):
    checkpoint = callbacks.Checkpoint(tmp_path)
    fit(gan, checkpoint, epochs=2)
    assert steps_kept(tmp_path) == [2, 4]
    saved = [v.numpy() for v in gan.variables]
    fit(gan, epochs=1)
    assert callbacks.Checkpoint(tmp_path).restore(gan) == 2
    for variable, value in zip(gan.variables, saved, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value, err_msg=variable.path)
    fit(gan, checkpoint, epochs=3, initial_epoch=2)
    assert steps_kept(tmp_path) == [4, 6]


def weights_of_step(directory, step):
    return directory / f"step-{step:08d}.weights.h5"


def truncate(directory, step):
    path = weights_of_step(directory, step)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(directory, step):
    data = bytearray(weights_of_step(directory, step).read_bytes())
    data[len(data) // 2] ^= 1
    weights_of_step(directory, step).write_bytes(bytes(data))


def remove(directory, step):
    weights_of_step(directory, step).unlink()


def write_record(text):
    def damage(directory, step):
        (directory / f"step-{step:08d}.json").write_bytes(text)

    return damage


DAMAGES = {
    "truncated weights": truncate,
    "a flipped bit": flip_a_bit,
    "missing weights": remove,
    "empty weights": lambda directory, step: weights_of_step(directory, step).write_bytes(b""),
    "an empty record": write_record(b""),
    "a cut record": write_record(b'{"epoch": 3, "st'),
    "a record that is no dict": write_record(b"[1, 2]"),
    "a record that lacks keys": write_record(b'{"epoch": 3}'),
    "a record that is no text": write_record(b"\xff\xfe\x00"),
    "a record without its file": lambda d, step: (d / f"step-{step:08d}.json").unlink(),
}


@pytest.fixture
def warnings(monkeypatch):
    """Returns the lines that are logged as warnings."""
    lines = []
    monkeypatch.setattr(
        callbacks.checkpoint.logging, "warning", lambda text, *args: lines.append(text % args)
    )
    return lines


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before(
    gan, epoch_ends, tmp_path, damage, warnings
):
    checkpoint = callbacks.Checkpoint(tmp_path)
    epoch_ends(checkpoint, 0.3, 0.2, 0.1)
    DAMAGES[damage](tmp_path, 30)
    reset(gan)
    assert checkpoint.restore(gan) == 2
    assert mark(gan) == 2 and int(gan.step.numpy()) == 20
    if damage != "a record without its file":  # of which nobody knows
        assert warnings and all("step-00000030" in line for line in warnings)
    reset(gan)
    assert checkpoint.restore_best(gan)["step"] == 20 and mark(gan) == 2


def test_a_run_goes_on_over_a_damaged_checkpoint(gan, epoch_ends, tmp_path):
    checkpoint = callbacks.Checkpoint(tmp_path)
    epoch_ends(checkpoint, 0.3, 0.2, 0.1)
    truncate(tmp_path, 30)
    epoch = checkpoint.restore(gan)
    epoch_ends(checkpoint, 0.1, 0.05, begin=epoch)
    assert steps_kept(tmp_path) == [30, 40]
    reset(gan)
    assert checkpoint.restore(gan) == 4 and mark(gan) == 4


def test_if_no_checkpoint_is_intact_one_line_says_what_to_do(gan, epoch_ends, tmp_path):
    checkpoint = callbacks.Checkpoint(tmp_path)
    epoch_ends(checkpoint, 0.3, 0.2)
    for step in (10, 20):
        truncate(tmp_path, step)
    before = [v.numpy() for v in gan.variables]
    with pytest.raises(InputError, match="none of the 2 checkpoints") as caught:
        checkpoint.restore(gan)
    assert "\n" not in str(caught.value) and str(tmp_path) in str(caught.value)
    for variable, value in zip(gan.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    assert checkpoint.restore_best(gan) is None


def test_checkpoints_of_other_networks_are_refused_in_a_line(gan, epoch_ends, tmp_path):
    checkpoint = callbacks.Checkpoint(tmp_path)
    epoch_ends(checkpoint, 0.3)
    other = ganzoo.create("gan", (2,), latent_dim=5, width=7)
    with pytest.raises(InputError, match="got one of others: restore the recipe") as caught:
        checkpoint.restore(other)
    assert "\n" not in str(caught.value)


def test_if_no_record_can_be_read_the_run_does_not_start_over(gan, epoch_ends, tmp_path):
    checkpoint = callbacks.Checkpoint(tmp_path)
    epoch_ends(checkpoint, 0.3, 0.2)
    for step in (10, 20):
        write_record(b"")(tmp_path, step)
    with pytest.raises(InputError, match="2 checkpoints") as caught:
        checkpoint.restore(gan)
    assert "\n" not in str(caught.value)


def test_leftovers_of_a_killed_writer_are_harmless(gan, epoch_ends, tmp_path):
    for name in (
        ".step-00000020.weights.h5.123.tmp.weights.h5",
        ".step-00000020.json.123.tmp",
        "step-00000040.weights.h5",  # killed between the weights and their record
    ):
        (tmp_path / name).write_bytes(b"half")
    checkpoint = callbacks.Checkpoint(tmp_path)
    assert checkpoint.restore(gan) == 0
    epoch_ends(checkpoint, 0.3, 0.2, 0.1, 0.4)
    reset(gan)
    assert checkpoint.restore(gan) == 4 and mark(gan) == 4
    assert checkpoint.restore_best(gan)["step"] == 30


def test_a_writer_that_fails_leaves_the_checkpoints_before(gan, epoch_ends, tmp_path, monkeypatch):
    checkpoint = callbacks.Checkpoint(tmp_path)
    epoch_ends(checkpoint, 0.3, 0.2)

    def failing(path, *_, **__):
        path.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(gan, "save_weights", failing)
    with pytest.raises(OSError, match="no space"):
        epoch_ends(checkpoint, 0.1, begin=2)
    assert steps_kept(tmp_path) == [10, 20]
    assert checkpoint.restore(gan) == 2


# --- RunLog


def strict(line):
    """Returns what a line of JSON holds; NaN and Infinity are none."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON: {line}")

    return json.loads(line, parse_constant=refuse)


def test_log_has_a_line_of_json_for_each_epoch(gan, tmp_path, curves):
    fit(gan, Logs(swd=[0.123456789, 1e-9, 3]), callbacks.RunLog(tmp_path))
    rows = [strict(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [(row["epoch"], row["step"]) for row in rows] == [(1, 2), (2, 4), (3, 6)]
    assert [row["swd"] for row in rows] == [0.123457, 1e-9, 3.0]
    for row in rows:
        assert {"d_adv", "g_adv", "d_grad_norm", "g_grad_norm", "seconds"} <= row.keys()
    seconds = [row["seconds"] for row in rows]
    assert seconds == sorted(seconds) and seconds[0] >= 0
    assert run_log.read(tmp_path / "metrics.jsonl") == rows
    assert np.asarray(Image.open(tmp_path / "curves.png")).std() > 1
    assert sorted(os.listdir(tmp_path)) == ["curves.png", "metrics.jsonl"]


def test_curves_take_a_twentieth_of_the_time(gan, tmp_path, monkeypatch):
    log, drawn, now = callbacks.RunLog(tmp_path), [], [0.0]
    log.set_model(gan)

    def draw(path, rows, measured):
        drawn.append(len(rows))
        now[0] += 0.5

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr("ganzoo.inference.pictures.curves", draw)
    log.on_train_begin()
    for epoch in range(25):
        now[0] += 1.0
        log.on_epoch_end(epoch, {"d_adv": 1.0})
    log.on_train_end()
    assert drawn == [1, 11, 21, 25]


def test_log_of_a_run_that_diverged_is_json(gan, tmp_path):
    fit(gan, Logs(swd=[1.0, np.nan, np.inf]), callbacks.RunLog(tmp_path))
    rows = [strict(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert len(rows) == 3 and rows[0]["swd"] == 1.0


def test_log_drops_the_lines_after_the_checkpoint_and_sums_the_time(gan, tmp_path):
    rows = [
        {"epoch": epoch, "step": 2 * epoch, "seconds": 100.0 * epoch, "d_adv": 7.0, "g_adv": 0.0}
        for epoch in (1, 2, 3, 4)
    ]
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    gan.step.assign(4)
    fit(gan, callbacks.RunLog(tmp_path), initial_epoch=2, epochs=4)
    got = run_log.read(path)
    assert [(row["epoch"], row["step"]) for row in got] == [(1, 2), (2, 4), (3, 6), (4, 8)]
    assert got[:2] == rows[:2]
    assert 200 <= got[2]["seconds"] <= got[3]["seconds"] < 300
    assert got[2]["d_adv"] != 7.0


def test_log_of_a_new_run_starts_over(gan, tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"epoch": 1, "step": 2, "seconds": 5.0}\n')
    fit(gan, callbacks.RunLog(tmp_path), epochs=1)
    assert [row["step"] for row in run_log.read(tmp_path / "metrics.jsonl")] == [2]
    assert run_log.read(tmp_path / "none.jsonl") == []


def test_log_and_pictures_reach_tensorboard(gan, tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path / "tb"))
    fit(
        gan,
        callbacks.SampleGrid(tmp_path / "samples", writer, num=4),
        callbacks.RunLog(tmp_path, writer),
        epochs=1,
    )
    writer.close()
    (events,) = (tmp_path / "tb").iterdir()
    tags = {
        (value.tag, event.step)
        for event in tf.compat.v1.train.summary_iterator(str(events))
        for value in event.summary.value
    }
    assert {("d_adv", 2), ("samples", 2)} <= tags


# --- SampleGrid, Evaluate


def test_pictures_are_of_the_same_latents_after_every_epoch(gan, tmp_path):
    fit(gan, callbacks.SampleGrid(tmp_path / "samples", num=9), epochs=2)
    names = sorted(os.listdir(tmp_path / "samples"))
    assert names == ["epoch-0001.png", "epoch-0002.png"]
    last = np.asarray(Image.open(tmp_path / "samples" / names[-1]))
    assert last.shape[0] == last.shape[1] >= 400
    small = last[:: last.shape[0] // 24, :: last.shape[1] // 24]
    np.testing.assert_array_equal(small[:8, :8], gan.sample(9, seed=0)[0, ..., 0])


def test_in_a_long_run_fewer_pictures_stay(gan, tmp_path):
    fit(gan, callbacks.SampleGrid(tmp_path, num=1, keep=4), epochs=11)
    numbers = sorted(int(path.stem.removeprefix("epoch-")) for path in tmp_path.iterdir())
    assert numbers == [4, 8, 11]  # at most four, and the newest


def test_samples_are_measured_after_every_epoch(gan):
    history = fit(gan, callbacks.Evaluate(IMAGES, seed=3), epochs=2).history
    assert len(history["swd"]) == 2 and all(value > 0 for value in history["swd"])
    again = ganzoo.metrics.sliced_wasserstein(IMAGES, gan.sample(len(IMAGES), seed=3))
    assert history["swd"][-1] == pytest.approx(again, rel=1e-5)


@pytest.fixture
def rows(monkeypatch):
    """A name of features: the images' own pixels."""

    def make(resize, precision, data_dir):
        return lambda images: images.reshape(len(images), -1).astype("float32")

    space = spaces.Space("rows", "pixels in rows", "fid_rows", extractor=make)
    monkeypatch.setitem(spaces.SPACES, "rows", space)


def test_samples_are_compared_by_features(gan, rows):
    evaluate = callbacks.Evaluate(IMAGES, features="rows", num=80)
    history = fit(gan, evaluate, epochs=1).history
    flat = [x.reshape(len(x), -1).astype("float32") for x in (IMAGES, gan.sample(80, seed=1))]
    assert history["fid_rows"] == [pytest.approx(ganzoo.metrics.fid(*flat), rel=1e-4)]


def test_samples_are_measured_every_so_many_steps_and_at_the_end(gan):
    seen = []
    log = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append((int(gan.step.numpy()), "swd" in logs))
    )
    fit(gan, callbacks.Evaluate(IMAGES, every=5), log, steps=2, epochs=4)
    assert seen == [(2, False), (4, False), (6, True), (8, True)]
    seen.clear()
    fit(gan, callbacks.Evaluate(IMAGES, every=5), log, steps=2, epochs=2)
    assert seen == [(10, True), (12, True)]


def test_facts_say_what_was_measured_with_what():
    values = {"swd": 0.5, "other": 1.0}
    facts = callbacks.Evaluate(IMAGES, num=7, seed=2, against="x train").facts(values)
    assert facts == {
        "swd": {
            "value": 0.5, "against": "x train", "features": "pixels", "n_real": 7, "n_fake": 7,
            "seed": 2,
        },
        "other": {"value": 1.0, "against": "x train", "n_real": len(IMAGES)},
    }  # fmt: skip


# --- Interrupt


@pytest.fixture
def interrupts():
    """Sends this process a signal, after making sure that it would hear it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda number=signal.SIGINT: os.kill(os.getpid(), number)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_for_the_step_and_saves(gan, interrupts, number):
    ask = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: interrupts(number)
    )
    saved = []
    with pytest.raises(KeyboardInterrupt):
        with callbacks.Interrupt(lambda: saved.append(int(gan.step.numpy()))) as interrupt:
            fit(gan, ask, interrupt, steps=5)
    assert saved == [1] == [int(gan.step.numpy())]


def test_a_second_interrupt_does_not_wait_and_an_echo_is_none(gan, interrupts):
    def ask(batch, logs):
        interrupts()
        interrupts()  # the same one, passed on by a launcher
        time.sleep(0.6)
        interrupts()

    asking = keras.callbacks.LambdaCallback(on_train_batch_begin=ask)
    with pytest.raises(KeyboardInterrupt), callbacks.Interrupt() as interrupt:
        fit(gan, asking, interrupt, steps=5)
    assert int(gan.step.numpy()) == 0


def test_an_interrupt_at_an_epochs_end_lets_it_end(gan, interrupts, tmp_path):
    ask = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: batch == 1 and interrupts()
    )
    keep = callbacks.Checkpoint(tmp_path)
    with pytest.raises(KeyboardInterrupt), callbacks.Interrupt(keep.save_within) as interrupt:
        fit(gan, ask, keep, interrupt, steps=2)
    assert [(r["epoch"], r["step"], r.get("within")) for r in keep.records()] == [(1, 2, None)]


# --- StopAtStep, Throughput


@pytest.mark.parametrize("begin, last, steps", [(0, 5, 5), (0, 4, 4), (0, 1, 1), (2, 5, 5)])
def test_training_stops_at_the_step(gan, begin, last, steps):
    gan.step.assign(begin)
    fit(gan, callbacks.StopAtStep(last), steps=2, epochs=10)
    assert int(gan.step.numpy()) == steps


def test_training_stops_at_the_step_where_several_are_executed_at_once():
    gan = ganzoo.create("gan", (8, 8, 1), width=4, latent_dim=4, steps_per_execution=2)
    fit(gan, callbacks.StopAtStep(6), steps=4, epochs=10)
    assert int(gan.step.numpy()) == 6


def test_training_that_is_not_to_stop_does_not(gan):
    fit(gan, callbacks.StopAtStep(100), steps=2, epochs=2)
    assert int(gan.step.numpy()) == 4


def test_throughput_is_that_of_the_clock_without_the_first_step(monkeypatch):
    clock = iter([100.0, 101.0, 102.0, 104.0])  # the ends of the steps; the first one was traced
    monkeypatch.setattr(throughput_module.time, "perf_counter", lambda: next(clock))
    rate = callbacks.Throughput(images_per_step=64)
    rate.on_epoch_begin(0)
    seen = []
    for batch in range(4):
        logs = {}
        rate.on_train_batch_end(batch, logs)
        seen.append(logs.get("images_per_second"))
    assert seen == [None, 64.0, 64.0, 48.0]
    logs = {}
    rate.on_epoch_end(0, logs)
    assert logs == {"images_per_second": 48.0}


def test_throughput_is_logged_by_every_epoch(gan):
    history = fit(gan, callbacks.Throughput(8), steps=3, epochs=2).history
    assert len(history["images_per_second"]) == 2
    assert all(value > 0 for value in history["images_per_second"])
