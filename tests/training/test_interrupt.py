import os
import signal

import pytest

from spine_jax.training.interrupt import Interrupted, interrupt_requested


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_signal_is_remembered_not_deadly(number):
    before = signal.getsignal(number)
    with interrupt_requested() as requested:
        assert requested() is None
        os.kill(os.getpid(), number)
        assert requested() == number
    assert signal.getsignal(number) is before


def test_second_signal_takes_its_usual_effect():
    # A background shell starts its children with ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), interrupt_requested():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def test_exit_code_is_that_of_the_shell():
    assert Interrupted(signal.SIGINT).exit_code == 130
    assert Interrupted(signal.SIGTERM).exit_code == 143
