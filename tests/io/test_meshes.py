"""Mesh files: frames, orientation, vertex order, and templates that cannot serve."""

import numpy as np
import pytest
import trimesh

from spine_jax.core import Mesh
from spine_jax.io.meshes import check_template_mesh, load_mesh, save_mesh
from tests.helpers import box
from tests.io.files import refused


def brick() -> Mesh:
    """Closed box of 10 x 20 x 30 mm away from the origin, vertices in no tidy order."""
    vertices, faces = box((10.0, 20.0, 30.0))
    order = np.array([3, 7, 0, 5, 1, 6, 2, 4])
    rank = np.argsort(order)
    vertices = (vertices + [100.25, -50.5, 7.125])[order]
    return Mesh(vertices, rank[faces].astype(np.int32))


def signed_volume(mesh: Mesh) -> float:
    a, b, c = (mesh.vertices_mm[mesh.faces[:, i]] for i in range(3))
    return float(np.sum(a * np.cross(b, c)) / 6)


@pytest.mark.parametrize("space", ["LPS", "RAS"])
@pytest.mark.parametrize("suffix", [".ply", ".obj"])
@pytest.mark.parametrize("colour", [None, (200, 10, 30)])
def test_round_trip_keeps_vertices_and_faces(tmp_path, suffix, space, colour):
    path = tmp_path / f"L1{suffix}"
    save_mesh(path, brick(), colour=colour, space=space)
    loaded = load_mesh(path)
    np.testing.assert_array_equal(loaded.vertices_mm, brick().vertices_mm)
    np.testing.assert_array_equal(loaded.faces, brick().faces)
    assert loaded.faces.dtype == np.int32
    assert signed_volume(loaded) == pytest.approx(6000)


@pytest.mark.parametrize("suffix", [".ply", ".obj"])
def test_unused_and_repeated_vertices_stay(tmp_path, suffix):
    """A template's vertex ids mean something: nothing may be merged or dropped."""
    vertices = np.concatenate([brick().vertices_mm, brick().vertices_mm[:2]])
    save_mesh(tmp_path / f"a{suffix}", Mesh(vertices, brick().faces))
    loaded = load_mesh(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(loaded.vertices_mm, vertices)


@pytest.mark.parametrize("suffix", [".ply", ".obj", ".stl"])
def test_file_is_lps_by_default_and_still_faces_outward(tmp_path, suffix):
    path = tmp_path / f"L1{suffix}"
    save_mesh(path, brick())
    assert b"SPACE=LPS" in path.read_bytes()[:200]
    raw = trimesh.load_mesh(path, process=False)
    mean = np.asarray(raw.triangles).reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(mean, [-100.25, 50.5, 7.125], atol=1e-4)
    assert raw.volume == pytest.approx(6000, rel=1e-5)


def test_ply_header_is_valid_and_binary(tmp_path):
    save_mesh(tmp_path / "a.ply", brick(), colour=(200, 10, 30))
    lines = (tmp_path / "a.ply").read_bytes().split(b"end_header")[0].split(b"\n")
    assert lines[:3] == [
        b"ply",
        b"format binary_little_endian 1.0",
        b"comment SPACE=LPS",
    ]
    raw = trimesh.load_mesh(tmp_path / "a.ply", process=False)
    assert raw.visual.vertex_colors[0].tolist() == [200, 10, 30, 255]


def test_stl_comes_back_as_a_soup_in_place(tmp_path):
    save_mesh(tmp_path / "a.stl", brick())
    loaded = load_mesh(tmp_path / "a.stl")
    assert loaded.vertices_mm.shape == (36, 3)
    expected = brick().vertices_mm[brick().faces].reshape(-1, 3)
    np.testing.assert_allclose(loaded.vertices_mm[loaded.faces.ravel()], expected)
    assert signed_volume(loaded) == pytest.approx(6000)


def test_file_without_a_comment_is_in_its_own_frame(tmp_path):
    body = trimesh.Trimesh(brick().vertices_mm, brick().faces, process=False)
    for name in ("a.ply", "a.obj", "a.stl"):
        body.export(tmp_path / name)
        loaded = load_mesh(tmp_path / name)
        np.testing.assert_allclose(
            loaded.vertices_mm.min(axis=0), [95.25, -60.5, -7.875], atol=1e-5
        )


@pytest.mark.parametrize(
    ("comment", "sign"), [("SPACE=LPS", -1), ("3D Slicer output. SPACE=RAS", 1)]
)
def test_comments_of_other_programs_are_read(tmp_path, comment, sign):
    (tmp_path / "a.ply").write_text(
        f"ply\nformat ascii 1.0\ncomment {comment}\nelement vertex 3\n"
        "property float x\nproperty float y\nproperty float z\n"
        "element face 1\nproperty list uchar int vertex_indices\nend_header\n"
        "1 2 3\n4 5 6\n7 8 10\n3 0 1 2\n"
    )
    vertices = load_mesh(tmp_path / "a.ply").vertices_mm
    np.testing.assert_allclose(vertices[0], [sign * 1, sign * 2, 3])


def test_glb_opens_with_its_colour(tmp_path):
    save_mesh(tmp_path / "a.glb", brick(), colour=(200, 10, 30))
    scene = trimesh.load_scene(tmp_path / "a.glb")
    (geometry,) = scene.geometry.values()
    assert geometry.volume == pytest.approx(6000, rel=1e-5)
    assert geometry.visual.vertex_colors[0].tolist() == [200, 10, 30, 255]


def test_unknown_endings_and_space(tmp_path):
    with refused("FILE-TYPE", ".vtk", ".ply"):
        save_mesh(tmp_path / "a.vtk", brick())
    (tmp_path / "a.glb").write_bytes(b"glTF")
    with refused("FILE-TYPE", ".glb"):
        load_mesh(tmp_path / "a.glb")
    with pytest.raises(ValueError, match="LSP"):
        save_mesh(tmp_path / "a.ply", brick(), space="LSP")
    assert not (tmp_path / "a.ply").exists()


@pytest.mark.parametrize("name", ["a.ply", "a.obj", "a.stl"])
def test_damaged_file(tmp_path, name):
    (tmp_path / name).write_bytes(b"ply\nformat nonsense 1.0\nend_header\n\x00\x01")
    with refused("BAD-MESH", name):
        load_mesh(tmp_path / name)


def test_missing_file_suggests_a_name(tmp_path):
    save_mesh(tmp_path / "L1.ply", brick())
    with refused("NOT-FOUND", "did you mean"):
        load_mesh(tmp_path / "L1.pyl")


def test_good_template_passes():
    check_template_mesh(brick(), "L1.ply")


def test_open_edges():
    """Without one face its three edges are open."""
    mesh = Mesh(brick().vertices_mm, brick().faces[1:])
    with refused("BAD-TEMPLATE", "L1.ply: 3 open edges"):
        check_template_mesh(mesh, "L1.ply")


def test_stl_soup_is_open(tmp_path):
    save_mesh(tmp_path / "a.stl", brick())
    with refused("BAD-TEMPLATE", "36 open edges", "STL shares no vertices"):
        check_template_mesh(load_mesh(tmp_path / "a.stl"), "a.stl")


def test_non_manifold_edges():
    """Two bricks that share the edge between vertices 0 and 1 alone."""
    vertices, faces = box((10.0, 20.0, 30.0))
    other = vertices + [10, 20, 0]
    joined = np.concatenate([vertices, other])
    twin = {8: 6, 9: 7}  # lowest corner of the other, on the edge of the first
    second = np.vectorize(lambda i: twin.get(i, i))(faces + 8)
    with refused("BAD-TEMPLATE", "1 non-manifold edges"):
        check_template_mesh(Mesh(joined, np.concatenate([faces, second])), "a")


def test_one_face_turned():
    faces = brick().faces.copy()
    faces[4] = faces[4, ::-1]
    with refused("BAD-TEMPLATE", "3 edges between faces of opposite orientation"):
        check_template_mesh(Mesh(brick().vertices_mm, faces), "a")


def test_zero_area_faces():
    """A vertex put onto its neighbour flattens the two faces they share."""
    faces = brick().faces
    a, b = faces[0, 0], faces[0, 1]
    vertices = brick().vertices_mm.copy()
    vertices[a] = vertices[b]
    with refused("BAD-TEMPLATE", "2 zero-area faces"):
        check_template_mesh(Mesh(vertices, faces), "a")


def test_inverted():
    mesh = Mesh(brick().vertices_mm, brick().faces[:, ::-1])
    with refused("BAD-TEMPLATE", "a: inverted: faces point inward;"):
        check_template_mesh(mesh, "a")


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (1e-3, "6e-06 mm3 suggests metres"),
        (0.1, "6 mm3 suggests centi"),
        (1e3, "micro"),
    ],
)
def test_wrong_unit(scale, words):
    with refused("BAD-TEMPLATE", words):
        check_template_mesh(Mesh(brick().vertices_mm * scale, brick().faces), "a")


def test_everything_wrong_is_told_at_once():
    mesh = Mesh(brick().vertices_mm * 1e-3, brick().faces[1:, ::-1])
    with refused("BAD-TEMPLATE", "3 open edges; ", "metres"):
        check_template_mesh(mesh, "a")


@pytest.mark.parametrize(
    ("faces", "words"),
    [
        (np.zeros((0, 3), np.int32), "no faces"),
        (np.array([[0, 1, 8]], np.int32), "outside 0 to 7"),
    ],
)
def test_faces_that_name_nothing(faces, words):
    with refused("BAD-TEMPLATE", words):
        check_template_mesh(Mesh(brick().vertices_mm, faces), "a")


def test_vertices_not_finite():
    vertices = brick().vertices_mm.copy()
    vertices[2, 1] = np.nan
    with refused("BAD-TEMPLATE", "NaN"):
        check_template_mesh(Mesh(vertices, brick().faces), "a")


def test_real_meshes_can_serve(shared_data):
    paths = sorted((shared_data / "meshes").glob("*/*.ply"))
    assert len(paths) >= 20
    for path in paths:
        check_template_mesh(load_mesh(path), path)
