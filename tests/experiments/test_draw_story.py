"""The picture of a reconstruction, of a made-up folder."""

import nibabel
import numpy as np
from matplotlib.image import imread

from experiments.draw_story import draw_story
from spine_jax.core import Centroids, Mesh
from spine_jax.io.centroids import save_centroids_mrk
from spine_jax.io.meshes import save_mesh
from spine_jax.pipeline import panels
from tests.helpers import icosphere


def test_the_meshes_are_in_the_last_quarter_in_their_colours(tmp_path):
    centres_mm = np.array([[0.0, 0, 40], [0, 0, 10]])
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = [-20, -20, -10]
    grid = np.moveaxis(np.indices((20, 20, 35)), 0, -1) * 2 + affine[:3, 3]
    distance = np.linalg.norm(grid[..., None, :] - centres_mm, axis=-1).min(axis=-1)
    bone = (distance < 10).astype(np.int16)
    for name in ("cbct", "translate/ct", "segment/mask"):
        path = tmp_path / f"{name}.nii.gz"
        path.parent.mkdir(exist_ok=True)
        scale = 1 if name.endswith("mask") else 400
        nibabel.save(nibabel.Nifti1Image(scale * bone, affine), path)
    ball, faces = icosphere(2, 10.0)
    for sub in ("centroids", "meshes"):
        (tmp_path / sub).mkdir()
    for name, centre_mm in zip(("L1", "L2"), centres_mm):
        mesh = Mesh(ball + centre_mm, faces)
        save_mesh(tmp_path / "meshes" / f"{name}.ply", mesh)
    beside = tmp_path / "centroids/centroids.mrk.json"
    save_centroids_mrk(beside, Centroids(centres_mm, (20, 21)))
    draw_story(tmp_path / "cbct.nii.gz", tmp_path, tmp_path / "story.png")
    picture = imread(tmp_path / "story.png")[..., :3]
    for number in (20, 21):
        hue = np.array(panels.rgb(number))
        along = picture @ hue / (np.linalg.norm(picture, axis=-1) + 1e-6)
        alike = (along > 0.999 * np.linalg.norm(hue)) & (picture.max(axis=-1) > 0.3)
        assert not alike[:, : 3 * picture.shape[1] // 4].any()
        share = alike[:, 3 * picture.shape[1] // 4 :].mean()
        assert share > 0.02
