"""Method 2, DiffAM: training-free fitting of a deformable template to a CT."""

from spine_jax.fitting.config import PRESETS, FitConfig
from spine_jax.fitting.fit import CHUNK, FitState, init_fit, run_chunk, run_fit
from spine_jax.fitting.pose import Pose, pose_from_centroids
from spine_jax.fitting.pose_search import search_pose
from spine_jax.fitting.problem import FitProblem, build_problem
from spine_jax.fitting.shape import FitParams, deform, meshes_mm
from spine_jax.fitting.summary import FitSummary, summarise
from spine_jax.fitting.template import (
    FitTemplate,
    TemplateGroup,
    build_groups,
    build_template,
)

__all__ = [
    "CHUNK",
    "PRESETS",
    "FitConfig",
    "FitParams",
    "FitProblem",
    "FitState",
    "FitSummary",
    "FitTemplate",
    "Pose",
    "TemplateGroup",
    "build_groups",
    "build_problem",
    "build_template",
    "deform",
    "init_fit",
    "meshes_mm",
    "pose_from_centroids",
    "run_chunk",
    "run_fit",
    "search_pose",
    "summarise",
]
