"""CBCT out of CT: a C-arm's geometry, its physics, implants and reconstruction."""

from spine_jax.simulation.cbct.carm import CArm, Trajectory
from spine_jax.simulation.cbct.config import PRESETS, CbctConfig
from spine_jax.simulation.cbct.feldkamp import fdk
from spine_jax.simulation.cbct.implants import Implant
from spine_jax.simulation.cbct.physics import Physics, PhysicsRanges, one_device
from spine_jax.simulation.cbct.projector import Grid, back_project, grid_within, project
from spine_jax.simulation.cbct.simulate import CbctScan, scan_patient, simulate_cbct

__all__ = [
    "PRESETS",
    "CArm",
    "CbctConfig",
    "CbctScan",
    "Grid",
    "Implant",
    "Physics",
    "PhysicsRanges",
    "Trajectory",
    "back_project",
    "fdk",
    "grid_within",
    "one_device",
    "project",
    "scan_patient",
    "simulate_cbct",
]
