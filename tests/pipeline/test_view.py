"""The page of a result: what it holds, and that a browser can draw it."""

import base64
import json
import re
import shutil
import subprocess
import zlib

import matplotlib.image
import numpy as np
import pytest

from spine_jax.cli.main import main
from spine_jax.core import LabelVolume, Mesh, Volume
from spine_jax.core.labels import label_colour
from spine_jax.io.atomic import write_json_atomic
from spine_jax.io.meshes import save_mesh
from spine_jax.io.nifti import save_labels, save_volume
from spine_jax.pipeline.view_data import thinned
from tests.helpers import icosphere

CENTRES_MM = {"L2": np.array([5.0, -40, 134]), "L3": np.array([4.0, -42, 100])}
RADIUS_MM = 13.0
# Axes left, posterior and up; voxels of 2, 2 and 2.5 mm.
AFFINE = np.array([[-2.0, 0, 0, 45], [0, -2.0, 0, 0], [0, 0, 2.5, 70], [0, 0, 0, 1]])
SHAPE = (42, 42, 36)
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome", "chrome")


def ball_mesh(name):
    vertices, faces = icosphere(3, RADIUS_MM)
    return Mesh(vertices + CENTRES_MM[name], faces)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A folder as `fit` leaves it: two balls posing as vertebrae."""
    folder = tmp_path_factory.mktemp("view") / "case <1>"
    grid = np.moveaxis(np.indices(SHAPE), 0, -1) @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    labels, image = np.zeros(SHAPE, np.uint8), np.full(SHAPE, -50, np.float32)
    for number, (name, centre) in zip((21, 22), CENTRES_MM.items()):
        inside = np.linalg.norm(grid - centre, axis=-1) < RADIUS_MM
        labels[inside], image[inside] = number, 400
        save_mesh(folder / "meshes" / f"{name}.ply", ball_mesh(name))
    save_labels(folder / "labels.nii.gz", LabelVolume(labels, AFFINE))
    save_volume(folder / "ct.nii.gz", Volume(image, AFFINE))
    rows = [
        {
            "name": name,
            "volume_mm3": 9202.8,
            "mean_hu": None,
            "fully_visible": name != "L3",
        }
        for name in CENTRES_MM
    ]
    write_json_atomic(folder / "statistics.json", {"vertebrae": rows})
    report = {"command": "fit", "inputs": [{"path": folder / "ct.nii.gz"}]}
    write_json_atomic(folder / "report.json", report)
    return folder


@pytest.fixture(scope="module")
def page(result):
    assert main(["view", str(result), "--quiet"]) == 0
    return result / "view.html"


@pytest.fixture(scope="module")
def data(page):
    return json.loads(
        re.search(r'"application/json">(.*?)</script>', page.read_text())[1]
    )


def voxels(text, shape):
    flat = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.uint8)
    return flat.reshape(shape)


def test_needs_nothing_but_itself(page):
    text = page.read_text()
    assert not re.search(r"(src|href)=|url\(|@import|fetch\(|https?://", text)
    assert "{{" not in text.replace("${{", "")
    assert "case &lt;1&gt;" in text and page.stat().st_size < 2e6


def test_meshes_come_back(data):
    assert [each["name"] for each in data["meshes"]] == ["L2", "L3"]
    assert [each["note"] for each in data["meshes"]] == ["", "partly outside the image"]
    for entry in data["meshes"]:
        quantised = np.frombuffer(base64.b64decode(entry["vertices"]), "<u2")
        vertices = entry["low_mm"] + quantised.reshape(-1, 3) * np.array(
            entry["step_mm"]
        )
        mesh = ball_mesh(entry["name"])
        np.testing.assert_allclose(vertices, mesh.vertices_mm, atol=1e-3)
        faces = np.frombuffer(base64.b64decode(entry["faces"]), "<u2").reshape(-1, 3)
        np.testing.assert_array_equal(faces, mesh.faces)
        np.testing.assert_allclose(
            entry["centre_mm"], CENTRES_MM[entry["name"]], atol=0.1
        )
    assert data["meshes"][0]["colour"] == list(label_colour(21))


def test_slices_come_back_on_a_grid_of_the_world(data):
    grid = data["grid"]
    labels = voxels(data["labels"], grid["shape"])
    (image,) = (voxels(each["voxels"], grid["shape"]) for each in data["images"])
    for number, centre in zip((21, 22), CENTRES_MM.values()):
        place = (centre - grid["origin_mm"]) / grid["spacing_mm"]
        found = np.argwhere(labels == number)
        np.testing.assert_allclose(found.mean(axis=0), place, atol=0.4)
        volume = len(found) * grid["spacing_mm"] ** 3
        assert volume == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3, rel=0.05)
        at = tuple(np.rint(place).astype(int))
        assert image[at] == 255 and image[at[0] - 10, at[1] + 10, at[2]] < 5
    start = tuple(grid["start"])
    assert all(0 <= a < n for a, n in zip(start, grid["shape"]))
    # 18 mm around the balls: right of L2's 5 + 13 and left of L3's 4 - 13.
    assert grid["origin_mm"][0] == pytest.approx(-9 - 18, abs=2.1)


def test_the_table_shows_what_there_is(data):
    table = data["table"]
    assert table["columns"] == ["vertebra", "volume cm³"]
    assert table["cells"] == [["L2", "9.2"], ["L3", "9.2"]]


def test_large_meshes_are_thinned_and_stay_closed():
    mesh = Mesh(*icosphere(5, 20.0))
    few = thinned(mesh, 2000)
    assert 500 < len(few.vertices_mm) <= 2000
    radius = np.linalg.norm(few.vertices_mm, axis=1)
    assert 19.5 < radius.min() and radius.max() < 20.001
    edges = np.sort(few.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert np.all(counts % 2 == 0)
    # Small ones stay as they are.
    same = thinned(mesh, len(mesh.vertices_mm))
    np.testing.assert_array_equal(same.faces, mesh.faces)


def test_what_cannot_be_shown_is_refused(result, page, tmp_path, capsys):
    assert main(["view", str(tmp_path)]) == 2
    assert "NO-RESULT" in capsys.readouterr().err
    other = tmp_path / "page.html"
    other.write_text("mine")
    assert main(["view", str(result), "-o", str(other)]) == 2
    assert "OUTPUT-EXISTS" in capsys.readouterr().err and other.read_text() == "mine"
    moved = shutil.copytree(result, tmp_path / "moved")
    report = {"command": "fit", "inputs": [{"path": tmp_path / "gone.nii.gz"}]}
    write_json_atomic(moved / "report.json", report)
    assert main(["view", str(moved)]) == 2
    assert "--image" in capsys.readouterr().err
    image = str(moved / "ct.nii.gz")
    assert main(["view", str(moved), "--image", image, "--quiet"]) == 0


def browse(page, *options):
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("needs a headless Chromium")
    flags = [
        "--headless",
        "--no-sandbox",
        "--use-angle=swiftshader",
        "--hide-scrollbars",
    ]
    flags += ["--enable-unsafe-swiftshader", "--window-size=1200,900"]
    command = [browser, *flags, "--virtual-time-budget=20000", *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=120).stdout


def test_a_browser_runs_it_without_an_error(page):
    dom = browse(page, "--dump-dom")
    assert 'data-ready="2 meshes"' in dom and "data-error" not in dom
    assert "<td>9.2</td>" in dom and dom.count("<li>") == 2


def share_of(rgb, number):
    """How much of a picture [H, W, 3] has the hue of a vertebra."""
    hue = np.array(label_colour(number)) / np.linalg.norm(label_colour(number))
    bright = np.linalg.norm(rgb, axis=-1)
    return float(np.mean((rgb @ hue > 0.98 * bright) & (bright > 0.3)))


def test_a_browser_draws_meshes_and_slices(page, tmp_path):
    picture = tmp_path / "page.png"
    browse(page, f"--screenshot={picture}")
    rgb = matplotlib.image.imread(picture)[..., :3]
    left, right = np.array_split(rgb, 2, axis=1)
    for number in (21, 22):
        # A ball fills a good part of the left half, its outline little of the right.
        assert share_of(left, number) > 0.02
        assert 0 < share_of(right, number) < 0.02
    white = (np.ptp(right, axis=-1) < 0.02) & (right[..., 0] > 0.95)
    assert white.mean() > 0.005


def test_a_browser_hides_what_is_unticked(page, tmp_path):
    copy, picture = tmp_path / "page.html", tmp_path / "page.png"
    script = """<script>
      const wait = setInterval(() => {
        if (!document.body.dataset.ready) return;
        clearInterval(wait);
        document.querySelector("#vertebrae input").click();
        document.querySelectorAll("#vertebrae b")[1].click();
      }, 50);</script></body>"""
    copy.write_text(page.read_text().replace("</body>", script))
    browse(copy, f"--screenshot={picture}")
    rgb = matplotlib.image.imread(picture)[..., :3]
    left, right = np.array_split(rgb, 2, axis=1)
    # What is left of L2 is its name in the list; the slices go through L3.
    assert share_of(left, 21) < 0.001 and share_of(right, 21) == 0
    assert share_of(left, 22) > 0.02 and share_of(right, 22) > 0
