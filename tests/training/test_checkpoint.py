import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.training.checkpoint import (
    latest_step,
    load_checkpoint,
    load_settings,
    save_checkpoint,
)

STATE = {
    "step": jnp.asarray(7, jnp.int32),
    "params": [jnp.arange(6, dtype=jnp.float32).reshape(2, 3) / 7],
    "seed": jnp.asarray(2**31, jnp.uint32),
}


def test_round_trip_keeps_every_bit(tmp_path):
    save_checkpoint(tmp_path / "c", 7, STATE, {"seed": 3})
    blank = jax.tree.map(jnp.zeros_like, STATE)
    restored = load_checkpoint(tmp_path / "c", like=blank)
    for a, b in zip(jax.tree.leaves(STATE), jax.tree.leaves(restored), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    assert load_settings(tmp_path / "c") == {"seed": 3}


def test_only_the_newest_is_kept(tmp_path):
    for step in (25, 50):
        save_checkpoint(tmp_path, step, STATE | {"step": jnp.asarray(step)}, {})
    assert latest_step(tmp_path) == 50
    assert int(load_checkpoint(tmp_path, like=STATE)["step"]) == 50
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == ["50"]


def test_no_checkpoint_is_none(tmp_path):
    assert latest_step(tmp_path / "nothing") is None
    assert not (tmp_path / "nothing").exists()
