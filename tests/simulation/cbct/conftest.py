"""One patient for all tests of this folder."""

import pytest

from spine_jax.simulation.phantom import Phantom, lumbar_phantom


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    """L3 and L4 in 2 mm voxels."""
    return lumbar_phantom(1, spacing_mm=(2.0, 2.0, 2.0), labels=(22, 23))
