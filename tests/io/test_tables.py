import jax.numpy as jnp
import numpy as np

from spine_jax.io.tables import write_csv_atomic


def test_columns_are_the_union_and_gaps_are_empty(tmp_path):
    rows = [
        {"name": "L1", "dice": np.float32(0.5)},
        {"name": "L2, cut", "dice": float("nan"), "asd_mm": jnp.float32(1.25)},
        {"name": None, "n": 3},
    ]
    write_csv_atomic(tmp_path / "a.csv", rows)
    assert (tmp_path / "a.csv").read_text() == (
        'name,dice,asd_mm,n\nL1,0.5,,\n"L2, cut",,1.25,\n,,,3\n'
    )
