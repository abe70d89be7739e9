"""What lies between the bones of a column: discs, spinal canal, ligaments."""

from collections.abc import Sequence

import numpy as np

from spine_jax.simulation.body_plan import BodyPlan
from spine_jax.simulation.canvas import Canvas
from spine_jax.simulation.label_sites import LabelSite
from spine_jax.simulation.soft_tissue import TissueLook, paint_foramina, paint_slab

_INTO_BONE_MM = 3.0
_RIM_HU = 25.0
_LARGEST_GAP_MM = 22.0
_AXIS_LEVEL = 2
_SAC_SHARE = 0.9
_CSF_HU, _CORD_HU, _LIGAMENT_HU = 10.0, 40.0, 25.0


def paint_discs(canvas: Canvas, sites: Sequence[LabelSite], disc_hu: float) -> None:
    """Fill the gap between facing end plates, a little into the bone on top of it."""
    for upper, lower in zip(sites, sites[1:]):
        if upper.level < _AXIS_LEVEL:
            continue
        end, start = (
            site.frame.to_world(np.array([0.0, 0.0, height]))
            for site, height in ((upper, upper.bottom_mm), (lower, lower.top_mm))
        )
        gap = float(np.linalg.norm(end - start))
        if gap > _LARGEST_GAP_MM:
            continue
        axes = (upper.frame.rotation + lower.frame.rotation).T / 2
        halves = [
            site.frame.scale * np.array(site.body_half_mm) for site in (upper, lower)
        ]
        half = np.minimum(np.mean(halves, axis=0), np.min(halves, axis=0) + 1.5)
        for share, value_hu in (
            (1.0, disc_hu + _RIM_HU),
            (0.72, disc_hu - 0.3 * _RIM_HU),
        ):
            paint_slab(
                canvas,
                (end + start) / 2,
                axes,
                share * half,
                gap / 2 + _INTO_BONE_MM,
                value_hu,
            )


def paint_canal(
    canvas: Canvas, plan: BodyPlan, sites: Sequence[LabelSite], look: TissueLook
) -> None:
    """Epidural fat around the sac, in it the cord down to L1 and loose roots below."""
    x, y = plan.canal_mm.T
    half = plan.canal_half_mm.T
    canvas.paint_tube((x, y), half + 1.5, look.epidural_hu)
    canvas.paint_tube((x, y + 0.5), _SAC_SHARE * half, look.sac_hu)
    cord = plan.within(0.0, 20.3, 1.0)
    width = plan.by_level((1, 6.0), (6, 7.0), (9, 4.5), (18, 4.5), (19.5, 5.0))
    csf = (_SAC_SHARE * half[0] * cord, _SAC_SHARE * half[1] * cord)
    canvas.paint_tube((x, y + 0.5), csf, _CSF_HU)
    depth = np.minimum(plan.by_level((1, 4.2), (6, 4.0), (9, 3.7)), 0.75 * half[1])
    canvas.paint_tube((x, y + 0.8), (width * cord, depth * cord), _CORD_HU)
    for site in sites:
        paint_foramina(canvas, site)


def paint_ligaments(canvas: Canvas, plan: BodyPlan, sites: Sequence[LabelSite]) -> None:
    """The sheet between the spinous processes, and the one behind the canal."""
    tips = np.array([site.frame.to_world(site.spinous_tip_mm) for site in sites])
    order = np.argsort(tips[:, 2])
    z = canvas.world_mm[2]
    tip_x, tip_y = (np.interp(z, tips[order, 2], tips[order, axis]) for axis in (0, 1))
    front = plan.canal_mm[:, 1] - plan.canal_half_mm[:, 1]
    back = tip_y - canvas.middle_mm[:, 1]
    x = (tip_x - canvas.middle_mm[:, 0] + plan.canal_mm[:, 0]) / 2
    half_depth = np.maximum((front - back) / 2, 2.0)
    canvas.paint_tube((x, (front + back) / 2), (2.5, half_depth), _LIGAMENT_HU)
    x, y = plan.canal_mm.T
    half = plan.canal_half_mm.T
    canvas.paint_tube((x, y - 1.5), half + 2.0, 2 * _LIGAMENT_HU)
