"""Every bad centroid file is refused with its code and the words that help."""

import json
import warnings

import numpy as np
import pytest

from spine_jax.core import Volume
from spine_jax.io.centroids import load_centroids
from tests.io.files import refused, write_nifti

WORLD = {"centroid_format": "world-ras"}


def centroid_file(tmp_path, points: dict, header: list | None = None):
    rows = [
        {"label": label, "X": x, "Y": y, "Z": z} for label, (x, y, z) in points.items()
    ]
    path = tmp_path / "ctd.json"
    path.write_text(json.dumps([*(header or []), *rows]))
    return path


def cube(size: int = 100) -> Volume:
    """RAS image of 1 mm voxels from the origin."""
    return Volume(np.zeros((size,) * 3, np.float32), np.eye(4))


def test_missing_file(tmp_path):
    centroid_file(tmp_path, {20: (0, 0, 0)})
    with refused("NOT-FOUND", "did you mean", "ctd.json"):
        load_centroids(tmp_path / "cdt.json")


def test_unknown_ending(tmp_path):
    (tmp_path / "a.xlsx").write_text("x")
    with refused("FILE-TYPE", ".xlsx", ".csv"):
        load_centroids(tmp_path / "a.xlsx")


def test_malformed_json_tells_line_and_column(tmp_path):
    path = tmp_path / "ctd.json"
    path.write_text('[{"label": 20,\n  "X": 1,\n  "Y": 2 "Z": 3}]')
    with refused("BAD-JSON", "line 3, column 10", '{"label": 20, "X": 75.1'):
        load_centroids(path)


def test_json_that_is_not_text(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00\x80")
    with refused("BAD-JSON", "not text"):
        load_centroids(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"points": []}, "a JSON dict"),
        ([1, 2], "a JSON list"),
        ([{"label": 20, "X": 1, "Y": 2}], "lacks Z"),
        ([{"label": 20, "X": "left", "Y": 2, "Z": 3}], "row 1: coordinates"),
        ([{"direction": ["P", "I", "R"]}, {"L1": [1, 2, 3]}], "entry 'L1'"),
        ({"markups": [{"type": "Fiducial"}]}, "controlPoints"),
        ({"markups": [{"coordinateSystem": "HFS", "controlPoints": []}]}, "HFS"),
        (
            [{"direction": "PIR", "zoom": [1, 1], "origin": [0] * 3, "rotation": []}],
            "zoom, origin or rotation",
        ),
    ],
)
def test_json_of_another_shape(tmp_path, content, words):
    (tmp_path / "a.json").write_text(json.dumps(content))
    with refused("BAD-CENTROIDS", words):
        load_centroids(tmp_path / "a.json", volume=cube())


def test_csv_without_its_columns(tmp_path):
    (tmp_path / "a.csv").write_text("20,1,2,3\n21,1,2,3\n")
    with refused("BAD-CENTROIDS", "['20', '1', '2', '3']", "x_mm"):
        load_centroids(tmp_path / "a.csv")


def test_csv_with_a_word_for_a_number(tmp_path):
    (tmp_path / "a.csv").write_text("label,x_mm,y_mm,z_mm\nL1,1,2,3\nL2,1,two,3\n")
    with refused("BAD-CENTROIDS", "row 2", "two"):
        load_centroids(tmp_path / "a.csv")


def test_csv_of_mixed_spaces(tmp_path):
    (tmp_path / "a.csv").write_text("label,x,y,z,space\nL1,1,2,3,RAS\nL2,1,2,3,LPS\n")
    with refused("BAD-CENTROIDS", "world-lps", "world-ras"):
        load_centroids(tmp_path / "a.csv")


def test_csv_without_a_space(tmp_path):
    (tmp_path / "a.csv").write_text("label,x,y,z\nL1,1,2,3\n")
    with refused("NO-DIRECTION", "--centroid-format verse19|verse20|voxel"):
        load_centroids(tmp_path / "a.csv")


def test_no_direction_lists_the_formats(tmp_path):
    path = centroid_file(tmp_path, {20: (1, 2, 3)})
    formats = "verse19|verse20|voxel|world-ras|world-lps"
    with refused("NO-DIRECTION", "several conventions", f"--centroid-format {formats}"):
        load_centroids(path)


def test_no_direction_names_the_format_that_fits(tmp_path):
    """(X, Y, Z) steps back, down and right: only then do the points descend."""
    path = centroid_file(tmp_path, {20: (60, 20, 50), 21: (70, 50, 52)})
    with refused("NO-DIRECTION", "--centroid-format verse20 (all points inside"):
        load_centroids(path, volume=cube())


def test_unknown_format(tmp_path):
    path = centroid_file(tmp_path, {20: (1, 2, 3)})
    with refused("CENTROID-FORMAT", "'verse21'", "verse19, verse20"):
        load_centroids(path, centroid_format="verse21")


def test_voxels_need_the_image(tmp_path):
    path = centroid_file(tmp_path, {20: (1, 2, 3)}, [{"direction": ["P", "I", "R"]}])
    with refused("NEEDS-VOLUME", "direction P I R"):
        load_centroids(path)


@pytest.mark.parametrize(
    "direction",
    [["P", "I"], ["P", "A", "R"], ["X", "Y", "Z"], "PI R", ["P", "I", 3], 5],
)
def test_impossible_direction(tmp_path, direction):
    path = centroid_file(tmp_path, {20: (1, 2, 3)}, [{"direction": direction}])
    with refused("DIRECTION", "one letter each"):
        load_centroids(path, volume=cube())


def test_duplicate_label_tells_the_distance(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("label,x_mm,y_mm,z_mm\nL3,0,0,0\nL2,0,0,50\n22,0,31,0\n")
    with refused("DUPLICATE", "L3 (22) appears twice, 31 mm apart"):
        load_centroids(path)


@pytest.mark.parametrize("label", [99, 0, -3, 999, "sacral", 2.5, None, True])
def test_unknown_label(tmp_path, label):
    path = tmp_path / "ctd.json"
    rows = [{"label": 20, "X": 0, "Y": 0, "Z": 0}]
    path.write_text(json.dumps([*rows, {"label": label, "X": 0, "Y": 0, "Z": -30}]))
    with refused("UNKNOWN-LABEL", f"row 2: label {label!r}", "1-25, 28"):
        load_centroids(path, **WORLD)


@pytest.mark.parametrize("content", ["[]", '[{"label": 20, "X": NaN, "Y": 0, "Z": 0}]'])
def test_nothing_left(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with refused("NO-CENTROIDS", "no vertebra"):
            load_centroids(tmp_path / "a.json", **WORLD)


def test_point_outside_tells_how_far_and_what_would_fit(tmp_path):
    """L2 is 49.5 mm left and 39.5 mm behind the outer faces: 63 mm away."""
    path = centroid_file(tmp_path, {20: (45, 40, 80), 21: (-50, -40, 40)})
    with refused("OUTSIDE", "L2 (21)", "63 mm outside", "1 of 2", "no format"):
        load_centroids(path, volume=cube(), **WORLD)


def test_point_outside_names_the_format_that_fits(tmp_path):
    affine = np.eye(4)
    affine[:2, 3] = -100
    volume = Volume(np.zeros((100, 100, 100), np.float32), affine)
    path = centroid_file(tmp_path, {20: (50, 40, 80), 21: (52, 45, 40)})
    with refused("OUTSIDE", "2 of 2", "--centroid-format voxel|world-lps"):
        load_centroids(path, volume=volume, **WORLD)


def test_a_point_in_the_outer_half_of_a_voxel_is_inside(tmp_path):
    path = centroid_file(tmp_path, {20: (-0.49, 50, 99.49), 21: (20, 50, 60)})
    assert load_centroids(path, volume=cube(), **WORLD).labels == (20, 21)
    path = centroid_file(tmp_path, {20: (-2.5, 50, 99), 21: (20, 50, 60)})
    with refused("OUTSIDE", "2 mm outside"):
        load_centroids(path, volume=cube(), **WORLD)


def test_upside_down_spine(tmp_path):
    path = centroid_file(tmp_path, {20: (0, 0, 0), 21: (0, 0, 31)})
    with refused("ORDER", "L2 (21) lies 31 mm above L1 (20)", "flipped"):
        load_centroids(path, **WORLD)


def test_spine_that_lies_across(tmp_path):
    """Still one below the other, but by 10 mm over 50 mm: axes swapped."""
    path = centroid_file(tmp_path, {20: (0, 0, 60), 21: (0, 30, 55), 22: (0, 50, 50)})
    with refused("ORDER", "L1 (20) to L3 (22) is 79 degrees off", "swapped"):
        load_centroids(path, **WORLD)


def test_gap_per_level(tmp_path):
    near = {17: (0, 0, 300.0), 20: (0, 0, 70.0)}  # T10 to L1: 230 mm, 3 levels
    assert load_centroids(centroid_file(tmp_path, near), **WORLD).labels == (17, 20)
    far = {17: (0, 0, 300.0), 20: (0, 0, 50.0)}
    with refused("GAP", "T10 (17) and L1 (20) are 250 mm apart", "80 mm per level"):
        load_centroids(centroid_file(tmp_path, far), **WORLD)


def test_t13_counts_as_a_level_only_where_it_is(tmp_path):
    """T12 to L1 is one level; 90 mm over it is too much, though T13 has its number."""
    with refused("GAP", "T12 (19) and L1 (20)"):
        load_centroids(
            centroid_file(tmp_path, {19: (0, 0, 90.0), 20: (0, 0, 0)}), **WORLD
        )
    with refused("GAP", "T13 (28) and L1 (20)"):
        load_centroids(
            centroid_file(tmp_path, {28: (0, 0, 90.0), 20: (0, 0, 0)}), **WORLD
        )


def test_points_too_close(tmp_path):
    path = centroid_file(tmp_path, {20: (0, 0, 0.03), 21: (0, 0, 0)})
    with refused("TOO-CLOSE", "0.0 mm apart", "at least 5 mm", "units"):
        load_centroids(path, **WORLD)


def test_single_centroid_warns(tmp_path):
    path = centroid_file(tmp_path, {22: (0, 0, 0)})
    with pytest.warns(UserWarning, match="single centroid"):
        load_centroids(path, **WORLD)


def test_format_for_a_label_map_makes_no_sense(tmp_path):
    array = np.zeros((12, 12, 12), np.uint8)
    array[2:8, 2:8, 2:8] = 20
    path = write_nifti(tmp_path / "labels.nii.gz", array)
    with refused("CENTROID-FORMAT", "label map"):
        load_centroids(path, centroid_format="voxel")


def test_empty_label_map(tmp_path):
    array = np.zeros((12, 12, 12), np.uint8)
    array[2, 2, 2] = 26
    with refused("NO-VERTEBRA", "labels.nii.gz"):
        load_centroids(write_nifti(tmp_path / "labels.nii.gz", array))
