"""Settings of a simulated CBCT, and the three presets."""

import dataclasses

from spine_jax.simulation.cbct.carm import CArm
from spine_jax.simulation.cbct.feldkamp import Apodisation
from spine_jax.simulation.cbct.physics import Physics, PhysicsRanges


@dataclasses.dataclass(frozen=True)
class CbctConfig:
    """Everything that decides what a simulation does.

    Attributes:
        carm: Geometry.
        physics: A device, or the ranges to draw one from.
        size: Voxels along each axis of the result.
        spacing_mm: Of the result.
        body_spacing_mm: Of the patient's voxels that are projected.
        metal_spacing_mm: Of the implants' voxels that are projected.
        body_mm: Width and depth of the box that holds the patient.
        tilt_deg: The patient is turned up to this much about each axis.
        off_centre_mm: Standard deviation of the aim at the spine.
        metal_share: Share of the scans with implants.
        apodisation: Window of the ramp filter.
        extrapolate: Whether truncated rows are continued before filtering.
        random_grey: Whether the result has a grey scale of its own in place of HU.
    """

    carm: CArm = CArm(start_deg=-5.0)
    physics: Physics | PhysicsRanges = PhysicsRanges()
    size: int = 256
    spacing_mm: float = 0.5
    body_spacing_mm: float = 0.8
    metal_spacing_mm: float = 0.3
    body_mm: tuple[float, float] = (370.0, 300.0)
    tilt_deg: float = 10.0
    off_centre_mm: float = 5.0
    metal_share: float = 0.6
    apodisation: Apodisation = "hann"
    extrapolate: bool = True
    random_grey: bool = True


_CARM = CbctConfig()

PRESETS: dict[str, CbctConfig] = {
    "carm": _CARM,
    "small": dataclasses.replace(
        _CARM,
        carm=CArm(pixel_mm=1.8, start_deg=-5.0, n_columns=128, n_rows=128),
        size=128,
        spacing_mm=1.0,
        body_spacing_mm=1.25,
        metal_spacing_mm=0.5,
        apodisation="shepp-logan",
    ),
    "ideal": CbctConfig(
        carm=CArm(pixel_mm=1.8, arc_deg=360.0, n_views=360, n_columns=384, n_rows=128),
        physics=Physics(),
        size=128,
        spacing_mm=1.0,
        body_spacing_mm=1.0,
        metal_spacing_mm=0.5,
        tilt_deg=0.0,
        off_centre_mm=0.0,
        metal_share=0.0,
        apodisation="ram-lak",
        extrapolate=False,
        random_grey=False,
    ),
}
"""`carm`: an intra-operative C-arm. `small`: the same for two cores. `ideal`: a full
circle of many views of the whole width, no physics."""
