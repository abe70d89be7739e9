"""Two CPU devices for every test, and the fixtures the whole project shares."""

from pathlib import Path

import jax
import pytest

jax.config.update("jax_num_cpu_devices", 2)

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture
def x64():
    """Float64 arrays inside the test."""
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data beside the repository; skips where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs ../shared/data beside the repository")
    return SHARED_DATA
