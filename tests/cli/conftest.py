"""A small case on disk: three bright balls in a row, posing as L2 to L4."""

import dataclasses
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from spine_jax.kernels.native.build import native_available
from tests.helpers import icosphere


@dataclasses.dataclass(frozen=True)
class BallCase:
    folder: Path
    image: Path
    centroids: Path
    template: Path


CENTRES_MM = np.array([[5.0, -40, 134], [4, -42, 100], [5, -40, 66]])
RADIUS_MM = 13.0


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Compiled programs go to the test's own folder, not the user's. The native
    library, which takes long to build, stays where it is."""
    native_available()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def ball_case(tmp_path_factory) -> BallCase:
    folder = tmp_path_factory.mktemp("balls")
    affine = np.diag([-2.0, 2.0, 2.5, 1])
    affine[:3, 3] = [35, -70, 40]
    grid = np.stack(np.meshgrid(*map(np.arange, (30, 30, 48)), indexing="ij"), axis=-1)
    points = grid @ affine[:3, :3].T + affine[:3, 3]
    distance = np.min(
        [np.linalg.norm(points - centre, axis=-1) for centre in CENTRES_MM], axis=0
    )
    hounsfield = 400 / (1 + np.exp(distance - RADIUS_MM)) - 50
    image = nibabel.Nifti1Image(hounsfield.astype(np.int16), affine)
    nibabel.save(image, folder / "ct.nii.gz")
    truth = np.zeros(grid.shape[:3], np.uint8)
    for label, centre in zip((21, 22, 23), CENTRES_MM):
        truth[np.linalg.norm(points - centre, axis=-1) < RADIUS_MM] = label
    nibabel.save(nibabel.Nifti1Image(truth, affine), folder / "truth.nii.gz")
    rows = ["label,x_mm,y_mm,z_mm"] + [
        f"{label},{x},{y},{z}" for label, (x, y, z) in zip((21, 22, 23), CENTRES_MM)
    ]
    (folder / "points.csv").write_text("\n".join(rows) + "\n")
    write_ball_template(folder / "ball.ply")
    return BallCase(
        folder, folder / "ct.nii.gz", folder / "points.csv", folder / "ball.ply"
    )


def write_ball_template(path: Path) -> None:
    """An ASCII PLY of a ball centred off the origin, and its JSON."""
    vertices, faces = icosphere(3, 12.0)
    vertices = vertices + [10.0, 0, 0]
    lines = ["ply", "format ascii 1.0", f"element vertex {len(vertices)}"]
    lines += [f"property float {axis}" for axis in "xyz"]
    lines += [f"element face {len(faces)}", "property list uchar int vertex_indices"]
    lines += ["end_header"]
    lines += [" ".join(f"{x:.6f}" for x in vertex) for vertex in vertices]
    lines += ["3 " + " ".join(map(str, face)) for face in faces]
    path.write_text("\n".join(lines) + "\n")
    beside = {"body_centre_mm": [10, 0, 0], "remesh": False}
    path.with_suffix(".json").write_text(json.dumps(beside))
