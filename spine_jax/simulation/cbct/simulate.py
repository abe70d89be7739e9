"""From a CT and its labels to a CBCT of which everything is known."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core import InputError, LabelVolume, Volume
from spine_jax.simulation.cbct.config import PRESETS, CbctConfig
from spine_jax.simulation.cbct.detector import (
    measured_line_integrals,
    shaken_trajectory,
)
from spine_jax.simulation.cbct.feldkamp import fdk
from spine_jax.simulation.cbct.implants import (
    Implant,
    draw_implants,
    metal_grid,
    metal_shares,
)
from spine_jax.simulation.cbct.materials import METALS, tissue_parts, to_hu
from spine_jax.simulation.cbct.pedicles import find_pedicles
from spine_jax.simulation.cbct.physics import Physics, draw_physics
from spine_jax.simulation.cbct.placement import (
    Placement,
    beyond_scan,
    grid_affine,
    on_grid,
    patient_hu,
    place_patient,
)
from spine_jax.simulation.cbct.projector import Grid, grid_within, project
from spine_jax.simulation.label_sites import check_vertebrae

_BEHIND = 0.36
"""Share of the box's depth behind the isocentre: spines lie at the back."""
_GAIN, _OFFSET = (0.6, 1.4), (-200.0, 200.0)
_AIR_HU = -1000.0


@dataclasses.dataclass(frozen=True)
class CbctScan:
    """A simulated scan and all that is true of it, on one grid.

    Attributes:
        volume: The CBCT, [X, Y, Z] float32, in a grey scale of its own.
        labels: Vertebrae including metal in them; 0 beyond the label map.
        metal: 1 where at least half of the voxel is metal.
        ct: The CT without implants, HU; beyond the CT what was made up.
        seen: 1 inside the cylinder that every view sees.
        report: What was drawn, as plain values.
    """

    volume: Volume
    labels: LabelVolume
    metal: LabelVolume
    ct: Volume
    seen: LabelVolume
    report: dict[str, Any]


def simulate_cbct(
    ct: Volume, labels: LabelVolume, seed: int, config: CbctConfig | str = "small"
) -> CbctScan:
    """Scan the patient of a CT with a C-arm whose isocentre lies at the spine.

    Args:
        ct: HU.
        labels: VerSe numbers in the same world, not necessarily on the same grid.
        seed: The same seed gives the same bits.
        config: Settings or the name of a preset.

    Raises:
        InputError: for a map without a vertebra, or a preset that does not exist.
    """
    config = _resolved(config)
    check_vertebrae(np.asarray(labels.array))
    rngs = np.random.default_rng(seed).spawn(4)
    for_place, for_metal, for_physics, for_grey = rngs
    placement = place_patient(for_place, labels, config.tilt_deg, config.off_centre_mm)
    implants: tuple[Implant, ...] = ()
    if for_metal.uniform() < config.metal_share:
        implants = draw_implants(for_metal, find_pedicles(labels, placement))
    physics = config.physics
    if not isinstance(physics, Physics):
        physics = draw_physics(for_physics, physics, float(config.carm.pixel_mm))
    gain, offset = _draw_grey(for_grey, config)
    grid = output_grid(config)
    image_hu = scan_patient(ct, placement, implants, physics, seed, config, grid)
    seen = _seen(grid, config)
    grey = np.where(seen, gain * image_hu + offset, gain * _AIR_HU + offset)
    drawn = {
        "seed": seed,
        "isocentre_mm": placement.isocentre_mm.tolist(),
        "tilt_deg": placement.tilt_deg.tolist(),
        "grey": {"gain": gain, "offset": offset},
        "physics": dataclasses.asdict(physics),
        "carm": dataclasses.asdict(config.carm),
        "implants": [_plain(implant) for implant in implants],
    }
    affine = grid_affine(grid, placement)
    return CbctScan(
        volume=Volume(grey.astype(np.float32), affine),
        labels=LabelVolume(_labels_on(labels, grid, placement), affine),
        metal=LabelVolume(_metal_mask(implants, grid), affine),
        ct=Volume(patient_hu(ct, grid, placement), affine),
        seen=LabelVolume(seen.astype(np.uint8), affine),
        report=drawn,
    )


def scan_patient(
    ct: Volume,
    placement: Placement,
    implants: tuple[Implant, ...],
    physics: Physics,
    seed: int,
    config: CbctConfig,
    grid: Grid,
) -> np.ndarray:
    """The reconstruction of a patient placed, operated and measured.

    Args:
        ct: HU.
        placement: Where the C-arm stands.
        implants: In the frame of the C-arm.
        physics: The device; that of the settings is not looked at.
        seed: Of noise and jitter.
        config: Geometry, voxel sizes and filter.
        grid: Voxels to reconstruct, in the frame of the C-arm.

    Returns:
        [X, Y, Z] float32, HU.
    """
    carm = config.carm
    trajectory = shaken_trajectory(carm, physics, seed)
    body = body_grid(config)
    metals = tuple(m for m in METALS if any(i.metal == m for i in implants))
    on_body = metal_shares(implants, metals, body).sum(axis=0)
    parts = tissue_parts(patient_hu(ct, body, placement), on_body)
    paths = project(jnp.asarray(parts), body, carm, trajectory)
    if implants:
        fine = metal_grid(implants, config.metal_spacing_mm)
        shares = jnp.asarray(metal_shares(implants, metals, fine))
        through = project(shares, fine, carm, trajectory)
        paths = jnp.concatenate([paths, through])
    measured = measured_line_integrals(paths, metals, carm, physics, seed)
    per_mm = fdk(
        measured,
        grid,
        carm,
        apodisation=config.apodisation,
        extrapolate=config.extrapolate,
    )
    return to_hu(np.asarray(jax.device_get(per_mm)))


def output_grid(config: CbctConfig) -> Grid:
    """The cube of voxels around the isocentre."""
    half = np.full(3, config.size * config.spacing_mm / 2)
    return grid_within(-half, half, config.spacing_mm)


def body_grid(config: CbctConfig) -> Grid:
    """The box of the patient: as high as the rays reach at its far sides."""
    carm = config.carm
    width, depth = config.body_mm
    sod = float(carm.source_to_isocentre_mm)
    half_height = float(carm.pixel_at_isocentre_mm) * carm.n_rows / 2
    half_height *= 1 + max(width / 2, (1 - _BEHIND) * depth) / sod
    low = np.array([-width / 2, -_BEHIND * depth, -half_height])
    return grid_within(
        low, low + [width, depth, 2 * half_height], config.body_spacing_mm
    )


def _resolved(config: CbctConfig | str) -> CbctConfig:
    if isinstance(config, CbctConfig):
        return config
    if config not in PRESETS:
        raise InputError(
            "CBCT-PRESET",
            "config",
            f"no preset {config!r}",
            f"one of {', '.join(PRESETS)}",
            "small",
        )
    return PRESETS[config]


def _draw_grey(rng: np.random.Generator, config: CbctConfig) -> tuple[float, float]:
    gain, offset = float(rng.uniform(*_GAIN)), float(rng.uniform(*_OFFSET))
    return (gain, offset) if config.random_grey else (1.0, 0.0)


def _seen(grid: Grid, config: CbctConfig) -> np.ndarray:
    x, y, _ = grid.axes_mm()
    radius = min(
        float(config.carm.field_of_view_mm), config.size * config.spacing_mm / 2
    )
    disc = x[:, None] ** 2 + y[None, :] ** 2 <= radius**2
    return np.broadcast_to(disc[:, :, None], grid.shape)


def _labels_on(labels: LabelVolume, grid: Grid, placement: Placement) -> np.ndarray:
    on = on_grid(labels, grid, placement, order=0)
    return np.where(beyond_scan(labels, grid, placement), 0, on).astype(on.dtype)


def _metal_mask(implants: tuple[Implant, ...], grid: Grid) -> np.ndarray:
    shares = metal_shares(implants, METALS, grid).sum(axis=0)
    return (shares >= 0.5).astype(np.uint8)


def _plain(implant: Implant) -> dict[str, Any]:
    fields = dataclasses.asdict(implant)
    return {
        k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in fields.items()
    }
