"""Vertebrae from CT and cone-beam CT in JAX.

    import spine_jax
    result = spine_jax.fit("ct.nii.gz", "centroids.json")

The names below are imported on first use, so that `import spine_jax` is instant.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spine_jax.core import Centroids, InputError, LabelVolume, Mesh, Volume
    from spine_jax.pipeline.evaluate import evaluate_files
    from spine_jax.pipeline.fit import FitResult, fit

_HOME = {
    "Centroids": "spine_jax.core",
    "InputError": "spine_jax.core",
    "LabelVolume": "spine_jax.core",
    "Mesh": "spine_jax.core",
    "Volume": "spine_jax.core",
    "FitResult": "spine_jax.pipeline.fit",
    "evaluate_files": "spine_jax.pipeline.evaluate",
    "fit": "spine_jax.pipeline.fit",
}

__all__ = [
    "Centroids",
    "FitResult",
    "InputError",
    "LabelVolume",
    "Mesh",
    "Volume",
    "evaluate_files",
    "fit",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'spine_jax' has no attribute {name!r}")
