"""Every mistake gets one sentence, exit code 2, no traceback and nothing written.

The readers' own cases are tested in tests/io; here the commands are.
"""

import json

import numpy as np
import pytest

from spine_jax.cli.main import main


def run(capsys, *arguments):
    code = main([str(a) for a in arguments])
    return code, capsys.readouterr().err


def fit(case, output, **changes):
    options = {"-i": case.image, "-c": case.centroids, "-o": output} | changes
    return ["fit", *(x for pair in options.items() for x in pair), "--quiet"]


def assert_refused(code, error, output, *words):
    assert code == 2
    assert error.startswith("error[") and "Try: " in error
    assert "Traceback" not in error
    assert error.count("\n") == 1
    for word in words:
        assert word in error
    assert not output.exists()


def test_missing_image_names_the_closest(ball_case, tmp_path, capsys):
    image = ball_case.folder / "cts.nii.gz"
    output = tmp_path / "out"
    assert_refused(
        *run(capsys, *fit(ball_case, output, **{"-i": image})), output, "ct.nii.gz"
    )


def test_missing_centroids(ball_case, tmp_path, capsys):
    output = tmp_path / "out"
    path = ball_case.folder / "nothing.csv"
    assert_refused(*run(capsys, *fit(ball_case, output, **{"-c": path})), output)


def test_centroid_without_a_convention(ball_case, tmp_path, capsys):
    path = tmp_path / "ctd.json"
    path.write_text(json.dumps([{"label": 22, "X": 10.0, "Y": 10.0, "Z": 10.0}]))
    output = tmp_path / "out"
    assert_refused(
        *run(capsys, *fit(ball_case, output, **{"-c": path})),
        output,
        "--centroid-format",
        "verse19",
    )


def test_centroid_outside_the_image(ball_case, tmp_path, capsys):
    path = tmp_path / "points.csv"
    path.write_text("label,x_mm,y_mm,z_mm\n21,5,-40,134\n22,5,-400,100\n")
    output = tmp_path / "out"
    assert_refused(*run(capsys, *fit(ball_case, output, **{"-c": path})), output, "L3")


def test_unknown_vertebra(ball_case, tmp_path, capsys):
    output = tmp_path / "out"
    arguments = fit(ball_case, output, **{"--vertebrae": "T4"})
    assert_refused(*run(capsys, *arguments), output, "T4", "L2 L3 L4")


def test_too_few_iterations(ball_case, tmp_path, capsys):
    output = tmp_path / "out"
    arguments = fit(ball_case, output, **{"--iterations": "0"})
    assert_refused(*run(capsys, *arguments), output, "--iterations")


def test_output_that_is_not_empty(ball_case, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("keep")
    code, error = run(capsys, *fit(ball_case, tmp_path))
    assert code == 2 and "--overwrite" in error
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_output_that_is_a_file(ball_case, tmp_path, capsys):
    output = tmp_path / "file"
    output.write_text("keep")
    code, error = run(capsys, *fit(ball_case, output))
    assert code == 2 and "folder" in error and output.read_text() == "keep"


def test_template_without_its_json(ball_case, tmp_path, capsys):
    template = tmp_path / "t.ply"
    template.write_bytes(ball_case.template.read_bytes())
    output = tmp_path / "out"
    arguments = fit(ball_case, output, **{"--template": template})
    assert_refused(*run(capsys, *arguments), output, "body_centre_mm")


def test_template_with_a_useless_json(ball_case, tmp_path, capsys):
    template = tmp_path / "t.ply"
    template.write_bytes(ball_case.template.read_bytes())
    template.with_suffix(".json").write_text('{"body_centre_mm": [1, 2]}')
    output = tmp_path / "out"
    arguments = fit(ball_case, output, **{"--template": template})
    assert_refused(*run(capsys, *arguments), output, "three numbers")


@pytest.mark.parametrize("ids", ["[0, 642]", "[-1]", "[1.5]", "[]", '"first"'])
def test_template_with_landmarks_off_its_mesh(ball_case, tmp_path, capsys, ids):
    template = tmp_path / "t.ply"
    template.write_bytes(ball_case.template.read_bytes())
    template.with_suffix(".json").write_text(
        f'{{"body_centre_mm": [1, 2, 3], "remesh": false, "landmarks": {{"a": {ids}}}}}'
    )
    output = tmp_path / "out"
    arguments = fit(ball_case, output, **{"--template": template})
    assert_refused(*run(capsys, *arguments), output, "TEMPLATE-JSON")


def test_open_template(ball_case, tmp_path, capsys):
    lines = ball_case.template.read_text().splitlines()
    count = next(i for i, line in enumerate(lines) if line.startswith("element face"))
    lines[count] = f"element face {int(lines[count].split()[2]) - 1}"
    template = tmp_path / "open.ply"
    template.write_text("\n".join(lines[:-1]) + "\n")
    template.with_suffix(".json").write_text('{"body_centre_mm": [10, 0, 0]}')
    output = tmp_path / "out"
    arguments = fit(ball_case, output, **{"--template": template})
    assert_refused(*run(capsys, *arguments), output, "3 open edges")


def test_gpu_that_is_not_there(ball_case, tmp_path, capsys):
    import jax

    if any(device.platform == "gpu" for device in jax.devices()):
        pytest.skip("there is a GPU here")
    output = tmp_path / "out"
    arguments = fit(ball_case, output, **{"--device": "gpu"})
    assert_refused(*run(capsys, *arguments), output, "no GPU")


def test_unknown_option_is_exit_code_2(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["fit", "--imge", "x"])
    assert stop.value.code == 2


def test_evaluate_on_another_grid(ball_case, tmp_path, capsys):
    import nibabel

    image = nibabel.load(ball_case.folder / "truth.nii.gz")
    other = tmp_path / "other.nii.gz"
    array = np.asarray(image.dataobj)[:, :, :-2]
    nibabel.save(nibabel.Nifti1Image(array, image.affine), other)
    output = tmp_path / "metrics.json"
    truth = ball_case.folder / "truth.nii.gz"
    code, error = run(capsys, "evaluate", "-p", other, "-g", truth, "-o", output)
    assert_refused(code, error, output, "(30, 30, 46)", "(30, 30, 48)")


def test_debug_shows_the_traceback(ball_case, tmp_path):
    from spine_jax.core import InputError

    arguments = fit(ball_case, tmp_path / "out", **{"--iterations": "0"})
    with pytest.raises(InputError):
        main(["--debug", *map(str, arguments)])
