"""Centroid files of every kind, against coordinates worked by hand or by nibabel."""

import itertools
import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from spine_jax.core import Centroids, Volume, mm_to_vox
from spine_jax.io.centroids import load_centroids, save_centroids_mrk
from spine_jax.io.nifti import load_labels, load_volume
from tests.io.files import oblique_affine

SHAPE = (40, 50, 60)
# L1, L2, L3 in voxels of the oblique image, 37.5 mm apart along its last axis.
LABELS = (20, 21, 22)
POINTS_VOX = np.array([[20.0, 25, 50], [21.5, 24, 35], [19.25, 26, 20]])
AXES = {"R": 0, "L": 0, "A": 1, "P": 1, "S": 2, "I": 2}
ALL_DIRECTIONS = [
    codes
    for codes in itertools.product("RLAPSI", repeat=3)
    if sorted(AXES[code] for code in codes) == [0, 1, 2]
]


def write_json(path: Path, rows: list) -> Path:
    path.write_text(json.dumps(rows))
    return path


def rows(points: np.ndarray, labels=LABELS) -> list[dict]:
    return [
        {"label": label, "X": x, "Y": y, "Z": z}
        for label, (x, y, z) in zip(labels, points.tolist())
    ]


def world_mm() -> np.ndarray:
    return nib.affines.apply_affine(oblique_affine(), POINTS_VOX)


def box_image() -> Volume:
    """RAS image whose voxels lie at x = 0.5 i, y = 2 j, z = 3 k mm."""
    return Volume(np.zeros((200, 60, 60), np.float32), np.diag([0.5, 2.0, 3.0, 1.0]))


def test_there_are_48_directions():
    assert len(set(ALL_DIRECTIONS)) == 48


@pytest.mark.parametrize("stored", [None, ("P", "I", "R"), ("L", "S", "A")])
def test_every_direction_gives_the_same_world_points(tmp_path, stored):
    """nibabel reorients the image, its inverse affine gives the file's numbers."""
    image = nib.Nifti1Image(np.zeros(SHAPE, np.float32), oblique_affine())
    if stored is not None:
        image = _reoriented(image, stored)
    volume = Volume(image.get_fdata(), image.affine)
    for codes in ALL_DIRECTIONS:
        inverse = np.linalg.inv(_reoriented(image, codes).affine)
        points = nib.affines.apply_affine(inverse, world_mm())
        path = write_json(tmp_path / "ctd.json", [{"direction": codes}, *rows(points)])
        loaded = load_centroids(path, volume=volume)
        assert loaded.labels == LABELS
        np.testing.assert_allclose(loaded.points_mm, world_mm(), atol=1e-9)


def test_flipped_axis_counts_from_the_last_voxel(tmp_path):
    """Index c on a flipped axis of 200 voxels is voxel 199 - c of the stored image."""
    path = write_json(
        tmp_path / "ctd.json",
        [{"direction": ["L", "P", "S"]}, {"label": 20, "X": 3, "Y": 4.5, "Z": 7}],
    )
    with pytest.warns(UserWarning, match="single centroid"):
        loaded = load_centroids(path, volume=box_image())
    expected = [0.5 * (199 - 3), 2 * (59 - 4.5), 3 * 7]
    np.testing.assert_allclose(loaded.points_mm, [expected])


@pytest.mark.parametrize(
    ("name", "second", "expected"),
    [
        # X steps down from z = 177, Y back from y = 118, Z left from x = 99.5.
        ("verse19", (40, 23, 33), [(69.5, 98, 167), (66.5, 95, 137)]),
        # X steps back from y = 118, Y down from z = 177, Z right from x = 0.
        ("verse20", (13, 50, 33), [(30, 108, 157), (33, 105, 127)]),
        ("voxel", (14, 21, 20), [(5, 40, 90), (7, 42, 60)]),
        ("world-ras", (13, 24, 0), [(10, 20, 30), (13, 24, 0)]),
        ("world-lps", (13, 24, 0), [(-10, -20, 30), (-13, -24, 0)]),
    ],
)
def test_formats_by_hand(tmp_path, name, second, expected):
    path = write_json(tmp_path / "ctd.json", rows(np.array([(10, 20, 30), second])))
    volume = None if name == "world-lps" else box_image()
    loaded = load_centroids(path, volume=volume, centroid_format=name)
    np.testing.assert_allclose(loaded.points_mm, expected)


def test_anatomical_order_has_t13_between_t12_and_l1(tmp_path):
    labels = (21, 20, 19, 28, 18)
    points = np.array([[0, 0, -z] for z in (120.0, 90, 30, 60, 0)])
    path = write_json(tmp_path / "ctd.json", rows(points, labels))
    loaded = load_centroids(path, centroid_format="world-ras")
    assert loaded.labels == (18, 19, 28, 20, 21)
    np.testing.assert_allclose(loaded.points_mm[:, 2], [0, -30, -60, -90, -120])


def test_nan_rows_and_the_sacrum_are_left_out_with_a_warning(tmp_path):
    points = np.array([[0.0, 0, 60], [0, 0, 30], [0, np.nan, 15], [0, 0, 0]])
    content = rows(points, (20, 21, 22, 26))
    content.append({"label": 23, "X": None, "Y": 0, "Z": -30})
    path = write_json(tmp_path / "ctd.json", content)
    with pytest.warns(UserWarning, match=r"22 \(NaN\), 26 \(sacrum\), 23 \(NaN\)"):
        loaded = load_centroids(path, centroid_format="world-ras")
    assert loaded.labels == (20, 21)


def test_format_given_wins_over_the_file_with_a_warning(tmp_path):
    volume = Volume(np.zeros(SHAPE), oblique_affine())
    content = [{"direction": ["P", "I", "R"]}, *rows(POINTS_VOX)]
    path = write_json(tmp_path / "ctd.json", content)
    with pytest.warns(UserWarning, match="says direction P I R, read as voxel"):
        loaded = load_centroids(path, volume=volume, centroid_format="voxel")
    np.testing.assert_allclose(loaded.points_mm, world_mm())


def _tptbox_header(**more) -> dict:
    affine = oblique_affine()
    zoom = np.linalg.norm(affine[:3, :3], axis=0)
    return {
        "direction": ["R", "A", "S"],
        "zoom": zoom.tolist(),
        "origin": affine[:3, 3].tolist(),
        "rotation": (affine[:3, :3] / zoom).tolist(),
        "shape": list(SHAPE),
        **more,
    }


@pytest.mark.parametrize("names", [("L1", "L2", "L3"), ("20", "21", "22")])
@pytest.mark.parametrize("body", ["Vertebra_Corpus", "50"])
def test_tptbox_points_need_no_image(tmp_path, names, body):
    points = {
        name: {"Spinosus_Process": [0, 0, 0], body: point}
        for name, point in zip(names, POINTS_VOX.tolist())
    }
    path = write_json(tmp_path / "poi.json", [_tptbox_header(format="POI"), points])
    loaded = load_centroids(path)
    assert loaded.labels == LABELS
    np.testing.assert_allclose(loaded.points_mm, world_mm())


def test_tptbox_packed_labels_keep_the_bodies(tmp_path):
    packed = [50 * 256 + 20, 42 * 256 + 20, 50 * 256 + 21, 22]
    points = POINTS_VOX[[0, 0, 1, 2]] + [[0, 0, 0], [5, 5, 5], [0, 0, 0], [0, 0, 0]]
    content = [_tptbox_header(format="docker"), *rows(points, packed)]
    loaded = load_centroids(write_json(tmp_path / "poi.json", content))
    assert loaded.labels == LABELS
    np.testing.assert_allclose(loaded.points_mm, world_mm())


@pytest.mark.parametrize(("system", "sign"), [("nib", 1), ("itk", -1)])
def test_tptbox_world_points(tmp_path, system, sign):
    points = world_mm() * [sign, sign, 1]
    groups = {n: {"50": p} for n, p in zip(("L1", "L2", "L3"), points.tolist())}
    header = {"coordinate_system": system, "format": "POI_GLOBAL"}
    loaded = load_centroids(write_json(tmp_path / "poi.json", [header, groups]))
    np.testing.assert_allclose(loaded.points_mm, world_mm())


@pytest.mark.parametrize(("system", "sign"), [("RAS", 1), ("LPS", -1), (None, -1)])
def test_slicer_markups(tmp_path, system, sign):
    points = (world_mm() * [sign, sign, 1]).tolist()
    markup = {
        "type": "Fiducial",
        "controlPoints": [
            {"label": label, "position": point}
            for label, point in zip(("l1", "21", "L3"), points)
        ],
    }
    if system is not None:
        markup["coordinateSystem"] = system
    path = write_json(tmp_path / "a.mrk.json", {"markups": [markup]})
    loaded = load_centroids(path)
    assert loaded.labels == LABELS
    np.testing.assert_allclose(loaded.points_mm, world_mm())


def test_saved_markups_are_lps_and_come_back(tmp_path):
    points_mm = np.array([[1.0, 2.0, 40.0], [3.0, 4.0, 5.0]])
    save_centroids_mrk(tmp_path / "a.mrk.json", Centroids(points_mm, (19, 28)))
    (markup,) = json.loads((tmp_path / "a.mrk.json").read_text())["markups"]
    assert markup["coordinateSystem"] == "LPS"
    assert [p["label"] for p in markup["controlPoints"]] == ["T12", "T13"]
    assert markup["controlPoints"][0]["position"] == [-1.0, -2.0, 40.0]
    loaded = load_centroids(tmp_path / "a.mrk.json")
    assert loaded.labels == (19, 28)
    np.testing.assert_allclose(loaded.points_mm, points_mm)


@pytest.mark.parametrize(
    ("header", "space", "sign"),
    [
        ("label,x_mm,y_mm,z_mm", "", 1),
        ("Label, X, Y, Z, Space", ", RAS", 1),
        ("label;x;y;z;space", ";lps", -1),
        ("space\tlabel\tx\ty\tz", "world-lps", -1),
    ],
)
def test_csv_in_world_coordinates(tmp_path, header, space, sign):
    delimiter = max(",;\t", key=header.count)
    lines = [header]
    for name, point in zip(("L1", "21", "L3"), world_mm() * [sign, sign, 1]):
        cells = delimiter.join([name, *map(repr, point.tolist())])
        lines.append(f"{space}\t{cells}" if header[0] == "s" else cells + space)
    (tmp_path / "a.csv").write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    loaded = load_centroids(tmp_path / "a.csv")
    assert loaded.labels == LABELS
    np.testing.assert_allclose(loaded.points_mm, world_mm())


@pytest.mark.parametrize(
    ("header", "given"), [("label,x_vox,y_vox,z_vox", None), ("label,x,y,z", "voxel")]
)
def test_csv_in_voxels(tmp_path, header, given):
    cells = [f"{n},{x},{y},{z}" for n, (x, y, z) in zip(LABELS, POINTS_VOX)]
    (tmp_path / "a.csv").write_text("\n".join([header, *cells]))
    volume = Volume(np.zeros(SHAPE), oblique_affine())
    loaded = load_centroids(tmp_path / "a.csv", volume=volume, centroid_format=given)
    np.testing.assert_allclose(loaded.points_mm, world_mm())


@pytest.mark.parametrize(
    ("mask", "centroids"),
    [
        (
            "ct/verse014/sub-verse014_seg-vert_msk.nii.gz",
            "ct/verse014/sub-verse014_seg-vb_ctd.json",
        ),
        (
            "masks/verse010/sub-verse010_seg-vert_msk.nii.gz",
            "masks/verse010/sub-verse010_seg-subreg_ctd.json",
        ),
    ],
)
def test_real_centroids_lie_deep_in_the_body_of_their_label(
    shared_data, mask, centroids
):
    """An error of one voxel in a flip would pass; a wrong axis or level would not."""
    labels = load_labels(shared_data / mask)
    image = Volume(labels.array.astype(np.float32), labels.affine_vox_to_mm)
    loaded = load_centroids(shared_data / centroids, volume=image)
    assert loaded.labels == (20, 21, 22, 23, 24)
    index = np.rint(mm_to_vox(labels.affine_vox_to_mm, loaded.points_mm)).astype(int)
    for label, (i, j, k) in zip(loaded.labels, index):
        around = labels.array[i - 5 : i + 6, j - 5 : j + 6, k - 2 : k + 3]
        assert (around == label).all()


def test_real_file_in_the_2020_convention_is_exact(shared_data):
    """verse005's points are centres of mass of whole vertebrae, to rounding."""
    folder = shared_data / "masks" / "verse005"
    labels = load_labels(folder / "verse005_seg-vert_msk.nii.gz")
    image = Volume(labels.array.astype(np.float32), labels.affine_vox_to_mm)
    loaded = load_centroids(
        folder / "verse005_ctd_1mm.json", volume=image, centroid_format="verse20"
    )
    for label, point_mm in zip(loaded.labels, loaded.points_mm):
        mass = np.argwhere(labels.array == label).mean(axis=0)
        expected = nib.affines.apply_affine(labels.affine_vox_to_mm, mass)
        np.testing.assert_allclose(point_mm, expected, atol=0.05)


def test_real_ct_accepts_its_centroids(shared_data):
    folder = shared_data / "ct" / "verse014"
    volume = load_volume(folder / "sub-verse014_ct.nii.gz")
    loaded = load_centroids(folder / "sub-verse014_seg-vb_ctd.json", volume=volume)
    assert len(loaded.labels) == 5


def _reoriented(image: nib.Nifti1Image, codes: tuple[str, ...]) -> nib.Nifti1Image:
    now = nib.orientations.io_orientation(image.affine)
    then = nib.orientations.axcodes2ornt(codes)
    return image.as_reoriented(nib.orientations.ornt_transform(now, then))
