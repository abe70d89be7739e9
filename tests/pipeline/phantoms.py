"""A phantom on disk and a C-arm coarse enough for tests."""

import dataclasses
import functools
from pathlib import Path

from spine_jax.data.phantom import TINY
from spine_jax.io.nifti import save_labels, save_volume
from spine_jax.simulation.phantom import Phantom, lumbar_phantom

COARSE = dataclasses.replace(TINY.cbct, metal_share=1.0, random_grey=True)


@functools.cache
def phantom() -> Phantom:
    """L2 to L4 in voxels of 3 mm."""
    return lumbar_phantom(1, spacing_mm=(3.0, 3.0, 3.0), labels=(21, 22, 23))


def write_case(folder: Path, stem: str) -> tuple[Path, Path]:
    """CT and mask under VerSe's names."""
    paths = folder / f"{stem}_ct.nii.gz", folder / f"{stem}_seg-vert_msk.nii.gz"
    save_volume(paths[0], phantom().volume)
    save_labels(paths[1], phantom().labels)
    return paths


def in_this_process(function, jobs, workers=None, on_done=lambda outcome: None):
    """What `run_jobs` does, without the cost of processes; for monkeypatching."""
    from spine_jax.core import InputError
    from spine_jax.pipeline.workers import Outcome

    outcomes = []
    for index, job in enumerate(jobs):
        try:
            outcomes.append(Outcome(index, function(job)))
        except InputError as error:
            outcomes.append(Outcome(index, error=str(error)))
        on_done(outcomes[-1])
    return outcomes
