import json

import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.io.atomic import atomic_path, write_json_atomic, write_text_atomic


def test_file_appears_only_when_the_block_ends(tmp_path):
    target = tmp_path / "new" / "a.nii.gz"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        assert temporary.name.endswith(".nii.gz")
        temporary.write_text("content")
        assert not target.exists()
    assert target.read_text() == "content"
    assert [p.name for p in target.parent.iterdir()] == ["a.nii.gz"]


def test_failure_leaves_the_old_file_and_no_litter(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="mid-write"):
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError("mid-write")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_block_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        with atomic_path(tmp_path / "a.txt"):
            pass
    assert list(tmp_path.iterdir()) == []


def test_text_keeps_its_line_ends(tmp_path):
    write_text_atomic(tmp_path / "a.txt", "eins\r\nzwei\nµm")
    assert (tmp_path / "a.txt").read_bytes() == "eins\r\nzwei\nµm".encode()


def test_json_has_no_nan_and_no_arrays(tmp_path):
    value = {
        "nan": float("nan"),
        "inf": np.float32("inf"),
        "nested": [{"x": np.nan}, (1, 2.5)],
        "numpy": np.array([1.0, np.nan]),
        "jax": jnp.array([3, 4]),
        "count": np.int64(7),
        "flag": True,
        "path": tmp_path,
        5: None,
    }
    write_json_atomic(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text()
    assert "NaN" not in text and "Infinity" not in text
    assert json.loads(text) == {
        "nan": None,
        "inf": None,
        "nested": [{"x": None}, [1, 2.5]],
        "numpy": [1.0, None],
        "jax": [3, 4],
        "count": 7,
        "flag": True,
        "path": str(tmp_path),
        "5": None,
    }
