import os
import signal

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.training.checkpoint import load_checkpoint
from spine_jax.training.interrupt import Interrupted
from spine_jax.training.loop import (
    CHECKPOINTS,
    Diverged,
    Plan,
    newest_checkpoint,
    run_training,
)
from spine_jax.training.metrics_log import MetricsLog, read_log
from spine_jax.training.wrappers import jit_step
from tests.training import toy

PLAN = Plan(n_steps=12, log_every=5, evaluate_every=4, checkpoint_every=6)
SETTINGS = {"model": {"width": 3, "sides": (2, 2)}, "seed": 1}


def batches(start):
    """Another batch for each step."""
    step = start
    while True:
        random = np.random.default_rng(step)
        x = random.normal(size=(4, 3)).astype(np.float32)
        yield {"x": x, "y": (x.sum(1) > 0).astype(np.float32)}
        step += 1


def train(folder, plan=PLAN, *, step=toy.step, settings=SETTINGS, **hooks):
    runner = jit_step(step)
    return run_training(
        toy.init(), runner, batches, plan, folder=folder, settings=settings, **hooks
    )


def losses(folder):
    return {row["step"]: row["loss"] for row in read_log(folder / "metrics.jsonl")}


def steps(folder, kind="metrics"):
    return [row["step"] for row in read_log(folder / f"{kind}.jsonl")]


def checkpoints(folder):
    return sorted(int(path.name) for path in (folder / CHECKPOINTS).iterdir())


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    return folder, train(folder, on_evaluation=lambda step, state: {"twice": 2 * step})


def test_a_run_leaves_metrics_evaluations_and_checkpoints(unbroken):
    folder, state = unbroken
    assert state["step"] == 12
    assert steps(folder) == list(range(1, 13))
    evaluations = read_log(folder / "evaluation.jsonl")
    assert evaluations == [{"step": k, "twice": 2 * k} for k in (4, 8, 12)]
    assert checkpoints(folder) == [6, 12]
    assert list((folder / "tensorboard").glob("events*"))
    # The first loss is that of the first batch at the initial weights.
    _, first = toy.step(
        {k: jnp.asarray(v) for k, v in toy.init().items()}, next(batches(0))
    )
    assert losses(folder)[1] == pytest.approx(float(first["loss"]), abs=1e-6)


def stop_at(wanted, number):
    def on_metrics(step, metrics):
        if step == wanted:
            os.kill(os.getpid(), number)

    return on_metrics


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_goes_on_to_the_same_bits(unbroken, tmp_path, number):
    with pytest.raises(Interrupted) as stop:
        train(tmp_path, on_metrics=stop_at(5, number))
    assert stop.value.exit_code == 128 + number
    assert checkpoints(tmp_path) == [6] and steps(tmp_path) == list(range(1, 7))
    state = train(tmp_path)
    folder, expected = unbroken
    assert state["w"].tobytes() == expected["w"].tobytes()
    assert steps(tmp_path) == list(range(1, 13))
    assert losses(tmp_path) == losses(folder)


def test_a_killed_run_repeats_what_it_had_not_saved(unbroken, tmp_path):
    class Killed(Exception):
        pass

    def kill(step, metrics):
        if step == 10:
            raise Killed

    with pytest.raises(Killed):
        train(tmp_path, on_metrics=kill)
    assert steps(tmp_path) == list(range(1, 11)) and checkpoints(tmp_path) == [6]
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"step": 11, "lo')
    # A checkpoint that was cut short is no checkpoint.
    (tmp_path / CHECKPOINTS / "9.orbax-checkpoint-tmp").mkdir()
    state = train(tmp_path)
    assert state["w"].tobytes() == unbroken[1]["w"].tobytes()
    assert steps(tmp_path) == list(range(1, 13))
    assert losses(tmp_path) == losses(unbroken[0])


def test_a_finished_run_has_nothing_to_do_but_can_be_made_longer(unbroken, tmp_path):
    half = Plan(n_steps=6, checkpoint_every=4)
    train(tmp_path, half)
    again = train(tmp_path, half, on_metrics=lambda *_: pytest.fail("trained"))
    assert again["step"] == 6
    assert train(tmp_path)["w"].tobytes() == unbroken[1]["w"].tobytes()


def test_only_the_newest_checkpoints_stay(tmp_path):
    train(tmp_path, Plan(n_steps=5, checkpoint_every=1, keep=2))
    assert checkpoints(tmp_path) == [4, 5]
    # Time runs out at every step.
    train(tmp_path, Plan(n_steps=7, checkpoint_every_s=0.0, keep=3))
    assert checkpoints(tmp_path) == [5, 6, 7]


def test_other_settings_are_refused_by_name(tmp_path):
    train(tmp_path, Plan(n_steps=1))
    other = {"model": {"width": 4, "sides": (2, 2)}, "seed": 1}
    with pytest.raises(InputError, match=r"model\.width was 3, is 4; expected"):
        train(tmp_path, settings=other)


def spoilt(state, batch, *, axis_name=None):
    """From step 8 on losses are NaN, and so are weights."""
    state, metrics = toy.step(state, batch)
    bad = jnp.where(state["step"] >= 8, jnp.nan, 0.0)
    return state | {"w": state["w"] + bad}, {"loss": metrics["loss"] + bad}


def test_nan_stops_the_run_and_the_checkpoint_stays_good(tmp_path):
    plan = Plan(n_steps=99, log_every=5, checkpoint_every=6, patience=3)
    with pytest.raises(Diverged) as error:
        train(tmp_path, plan, step=spoilt)
    for words in ("3 steps in a row up to step 10", "loss", "checkpoint is step 6"):
        assert words in str(error.value)
    assert read_log(tmp_path / "metrics.jsonl")[-1]["loss"] is None
    step, place = newest_checkpoint(tmp_path)
    blank = jax.tree.map(np.asarray, toy.init())
    assert step == 6 and np.isfinite(load_checkpoint(place, like=blank)["w"]).all()


def test_a_state_of_nan_is_never_saved(tmp_path):
    plan = Plan(n_steps=99, log_every=5, checkpoint_every=2, keep=1, patience=50)
    with pytest.raises(Diverged, match="after step 8 is not finite.*is step 6 in"):
        train(tmp_path, plan, step=spoilt)
    assert newest_checkpoint(tmp_path)[0] == 6


def skipping(state, batch, *, axis_name=None):
    state, metrics = toy.step(state, batch)
    return state, metrics | {"skipped": jnp.where(state["step"] > 2, 1.0, 0.0)}


def test_updates_that_are_all_skipped_stop_the_run(tmp_path):
    plan = Plan(n_steps=99, log_every=1, patience=4)
    with pytest.raises(Diverged, match="4 steps in a row up to step 6.*no checkpoint"):
        train(tmp_path, plan, step=skipping)


def test_log_forgets_what_comes_after_its_start(tmp_path):
    with MetricsLog(tmp_path, 0) as log:
        for step in (1, 2, 3):
            log.write("metrics", step, {"a": step / 2, "b": float("inf")})
    with MetricsLog(tmp_path, 2) as log:
        log.write("metrics", 3, {"a": 9.0})
    assert read_log(tmp_path / "metrics.jsonl") == [
        {"step": 1, "a": 0.5, "b": None},
        {"step": 2, "a": 1.0, "b": None},
        {"step": 3, "a": 9.0},
    ]
