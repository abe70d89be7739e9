"""Cases made from label maps: real anatomy, simulated image."""

from pathlib import Path

import numpy as np

from spine_jax.core import InputError, LabelVolume, Volume
from spine_jax.core.labels import is_vertebra
from spine_jax.io.nifti import load_labels, load_volume, save_volume
from spine_jax.simulation.label_ct import ct_from_labels


def find_masks(folder: Path) -> list[Path]:
    """Label maps below a folder: NIfTI files with `seg` in their name.

    Raises:
        InputError: when there is none.
    """
    masks = sorted(folder.rglob("*seg*.nii.gz"))
    if not masks:
        raise InputError(
            "NO-CASES",
            folder,
            "no *seg*.nii.gz",
            "label maps with VerSe numbers",
            "another folder after --masks",
        )
    return masks


def simulated_case(mask: Path, cache: Path, seed: int) -> tuple[Volume, LabelVolume]:
    """A CT around a label map, kept in `cache`, and the map's vertebrae."""
    given = load_labels(mask)
    array = np.asarray(given.array)
    numbers = [int(number) for number in np.unique(array) if is_vertebra(int(number))]
    truth = LabelVolume(
        np.where(np.isin(array, numbers), array, 0).astype(np.uint8),
        given.affine_vox_to_mm,
    )
    path = cache / f"{mask.name.removesuffix('.nii.gz')}_seed{seed}_ct.nii.gz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_volume(path, ct_from_labels(given, seed))
    return load_volume(path), truth
