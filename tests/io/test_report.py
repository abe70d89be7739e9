import datetime
import json

import jax
import numpy as np
import pytest

import spine_jax.io.report as report


def test_report_says_what_ran_on_what_with_what(tmp_path):
    (tmp_path / "in.txt").write_text("abc")
    (tmp_path / "out.txt").write_text("12345")
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    report.write_report(
        tmp_path / "report.json",
        command="fit",
        options={"iterations": 10, "image": tmp_path / "in.txt"},
        seed=3,
        inputs=[tmp_path / "in.txt"],
        outputs=["out.txt", tmp_path / "out.txt"],
        timings_s={"fit": np.float64(1.5)},
        extra={"loss": float("nan")},
    )
    content = json.loads((tmp_path / "report.json").read_text())
    assert content["command"] == "fit"
    assert content["seed"] == 3
    assert content["options"] == {"iterations": 10, "image": f"{tmp_path / 'in.txt'}"}
    assert content["timings_s"] == {"fit": 1.5}
    assert content["extra"] == {"loss": None}
    # SHA-256 of "abc" from FIPS 180-2, appendix B.1.
    assert content["inputs"][0]["sha256"] == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert [entry["bytes"] for entry in content["outputs"]] == [5, 5]
    assert content["versions"]["jax"] == jax.__version__
    assert content["versions"]["numpy"] == np.__version__
    assert {"python", "spine_jax", "jaxlib", "nibabel"} <= content["versions"].keys()
    assert content["device"]["platform"] == jax.devices()[0].platform
    assert datetime.datetime.fromisoformat(content["finished_at"]) >= before


def test_missing_output_means_no_report(tmp_path):
    with pytest.raises(FileNotFoundError):
        report.write_report(
            tmp_path / "report.json",
            command="fit",
            options={},
            seed=None,
            inputs=[],
            outputs=["labels.nii.gz"],
            timings_s={},
        )
    assert not (tmp_path / "report.json").exists()
