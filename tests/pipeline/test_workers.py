"""One job's end is no other's."""

import os
import signal
import threading
import time
import warnings

import pytest

from spine_jax.core import InputError
from spine_jax.pipeline.workers import run_jobs
from spine_jax.training.interrupt import Interrupted


def job(kind):
    """What a worker does; imported by name in its process."""
    if kind == "bad":
        raise InputError("CODE", "file", "this", "that", "more")
    if kind == "broken":
        raise RuntimeError("first line\nsecond line")
    if kind == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "slow":
        time.sleep(600)
    warnings.warn("look", stacklevel=1)
    return os.getpid()


def test_every_job_ends_and_each_in_its_own_way():
    seen = []
    kinds = ["good", "bad", "broken", "killed"]
    outcomes = run_jobs(job, kinds, workers=4, on_done=seen.append)
    good, bad, broken, killed = outcomes
    assert good.value != os.getpid() and good.error is None
    assert good.warnings == ("look",)
    assert bad.error == "error[CODE] file: this; expected that. Try: more"
    assert broken.error == "error[FAILED] RuntimeError: first line second line"
    assert "-9" in killed.error and "\n" not in killed.error
    assert sorted(outcome.index for outcome in seen) == [0, 1, 2, 3]


def test_no_jobs_and_no_workers():
    assert run_jobs(job, []) == []
    with pytest.raises(InputError, match="WORKERS"):
        run_jobs(job, ["good"], workers=0)


def test_a_signal_ends_the_workers():
    timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    started = time.monotonic()
    with pytest.raises(Interrupted):
        run_jobs(job, ["slow"], workers=1)
    assert time.monotonic() - started < 60
