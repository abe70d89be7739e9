"""Discs: between neighbours, and nowhere else."""

import numpy as np
import pytest

from spine_jax.simulation.bone import Frame
from spine_jax.simulation.canvas import Canvas
from spine_jax.simulation.label_sites import LabelSite
from spine_jax.simulation.spine_tissue import paint_discs

AXES = tuple(np.arange(-40.0, 41.0, 1.0) for _ in range(3))
DISC_HU = 75.0


def site(label, z_mm):
    """A body 40 mm wide, 30 mm deep and 24 mm high."""
    return LabelSite(
        label=label,
        frame=Frame(np.eye(3), np.array([0.0, 0.0, z_mm]), 1.0),
        body_back_mm=-15.0,
        canal_centre_mm=np.array([0.0, -23.0, 0.0]),
        canal_half_mm=(11.0, 8.0),
        body_half_mm=(20.0, 15.0),
        spinous_tip_mm=np.array([0.0, -60.0, -10.0]),
        top_mm=12.0,
        bottom_mm=-12.0,
        transverse_tips_mm=np.array([[-40.0, -30.0, 0.0], [40.0, -30.0, 0.0]]),
    )


def painted(upper, lower):
    spine = np.array([s.frame.origin_mm for s in (upper, lower)])
    canvas = Canvas(np.random.default_rng(0), AXES, spine)
    paint_discs(canvas, [upper, lower], DISC_HU)
    return canvas.image_hu


def test_disc_fills_the_gap_between_end_plates_and_reaches_the_rims():
    # End plates at z = 4 and z = -4.
    image = painted(site(21, 16.0), site(22, -16.0))
    x, y, z = (np.arange(81) - 40.0 for _ in range(3))
    radius = np.hypot(x[:, None] / 20, y / 15)
    gap = np.abs(z) <= 4
    assert image[radius < 0.95][:, gap].min() > 0.8 * DISC_HU
    assert np.all(image[radius > 1.1] == 0)
    assert np.all(image[..., np.abs(z) > 8.5] == 0)


@pytest.mark.parametrize("upper, lower", [((21, 30), (23, -30)), ((1, 16), (2, -16))])
def test_no_disc_across_a_missing_vertebra_or_under_the_atlas(upper, lower):
    assert not painted(site(*upper), site(*lower)).any()
