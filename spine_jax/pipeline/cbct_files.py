"""The `translate` and `segment` commands: a CBCT in, a trained model's answer on the
CBCT's own grid out."""

import dataclasses
import time
import warnings
from pathlib import Path

import numpy as np
from skimage.measure import label

from spine_jax.core import Volume, spacing_mm
from spine_jax.data.store import CT_SCALE
from spine_jax.disentangle import segment, translate
from spine_jax.disentangle.segment3d import segment_low
from spine_jax.io.nifti import load_volume, save_volume
from spine_jax.io.report import write_report
from spine_jax.pipeline.cbct_frame import (
    Frame,
    lay_frame,
    model_images,
    plane_size,
)
from spine_jax.pipeline.cbct_models import (
    ImageSpace,
    TrainedModel,
    TrainedSegment3D,
    is_segment3d,
    load_model,
    load_segment3d,
)
from spine_jax.pipeline.output_folder import check_output_folder

OUTPUTS = ("ct", "attention", "mask", "probability")
SMALLEST_PIECE_MM3 = 3000.0
"""Pieces of a mask that are smaller are no vertebrae; the atlas has about 10,000."""
_SMALL_SHARE = 0.5


@dataclasses.dataclass(frozen=True)
class CbctRequest:
    """What the command line can say; `reading` goes to `load_volume`."""

    image: Path
    output: Path
    ckpt: Path
    batch_size: int = 8
    own_scale: bool = False
    overwrite: bool = False
    reading: dict = dataclasses.field(default_factory=dict)


def translate_to_folder(request: CbctRequest) -> None:
    """Write `ct.nii.gz` in HU, `attention.nii.gz` where there is attention, and
    `report.json` last.

    Raises:
        InputError: for input that cannot be used, before anything is written.
    """
    started = time.perf_counter()
    model, volume, frame, images = _prepared(request)
    made = translate(model.params, images, batch_size=request.batch_size)
    hu = (made.x_lh + 1) / 2 * (CT_SCALE.high - CT_SCALE.low) + CT_SCALE.low
    outputs = {"ct.nii.gz": np.rint(frame.restored(hu[..., 0], CT_SCALE.low))}
    if made.m_l is not None:
        outputs["attention.nii.gz"] = frame.restored(made.m_l[..., 0], 0.0)
    _write("translate", request, model, volume, outputs, started)


def segment_to_folder(
    request: CbctRequest, *, probability: bool = False, fast: bool = False
) -> None:
    """Write `mask.nii.gz`, 1 in vertebrae, `probability.nii.gz` if asked for, and
    `report.json` last.

    Args:
        request: A run of the 3D stage segments volumes, one of slices slice by slice.
        probability: Whether the probability is written too.
        fast: Let the 3D stage's windows not overlap.

    Raises: as `translate_to_folder`.
    """
    started = time.perf_counter()
    check_output_folder(request.output, overwrite=request.overwrite)
    if is_segment3d(request.ckpt):
        model = load_segment3d(request.ckpt)
        volume = load_volume(request.image, **request.reading)
        size, space = _whole(volume, model)
        frame, images = _framed(request, volume, space, size)
        overlap = 0.0 if fast else 0.5
        found = segment_low(model.params, images, overlap=overlap)
    else:
        model, volume, frame, images = _prepared(request)
        found = segment(model.params, images, batch_size=request.batch_size)
    share = frame.restored(found[..., 0], 0.0)
    mask = without_small_pieces(share > 0.5, volume.affine_vox_to_mm)
    outputs = {"mask.nii.gz": mask.astype(np.float32)}
    outputs |= {"probability.nii.gz": share} if probability else {}
    _write("segment", request, model, volume, outputs, started)


def without_small_pieces(mask: np.ndarray, affine_vox_to_mm: np.ndarray) -> np.ndarray:
    """A mask [X, Y, Z] bool without pieces below `SMALLEST_PIECE_MM3`."""
    pieces = np.asarray(label(mask, connectivity=1))
    volumes_mm3 = np.bincount(pieces.ravel()) * np.prod(spacing_mm(affine_vox_to_mm))
    large = volumes_mm3 >= SMALLEST_PIECE_MM3
    large[0] = False
    return large[pieces]


def _prepared(
    request: CbctRequest,
) -> tuple[TrainedModel, Volume, Frame, np.ndarray]:
    check_output_folder(request.output, overwrite=request.overwrite)
    volume = load_volume(request.image, **request.reading)
    model = load_model(request.ckpt)
    size = model.params.config.image_size
    return model, volume, *_framed(request, volume, model.images, size)


def _framed(
    request: CbctRequest, volume: Volume, images: ImageSpace, size: tuple[int, ...]
) -> tuple[Frame, np.ndarray]:
    """Slices of H x W pixels around the middle of a volume, as a model takes them."""
    frame = lay_frame(volume, images, size)
    if (share := float(frame.in_view.mean())) < _SMALL_SHARE:
        warnings.warn(
            f"the model sees a cylinder of {2 * images.view_radius_mm:.0f} mm "
            f"around the middle, {share:.0%} of {request.image}; the rest stays empty",
            stacklevel=3,
        )
    return frame, model_images(volume, frame, images, request.own_scale)


def _whole(
    volume: Volume, model: TrainedSegment3D
) -> tuple[tuple[int, int], ImageSpace]:
    """Slices that hold the volume whole, and how much of them is in view: the device's
    cylinder where the volume is that of a device, all of it where it is larger."""
    patch = model.params.config.patch_size[1:]
    height, width = plane_size(volume, model.images)
    if height <= patch[0] and width <= patch[1]:
        return patch, model.images
    everything = dataclasses.replace(model.images, view_radius_mm=np.inf)
    return (max(height, patch[0]), max(width, patch[1])), everything


def _write(
    command: str,
    request: CbctRequest,
    model: TrainedModel | TrainedSegment3D,
    volume: Volume,
    outputs: dict[str, np.ndarray],
    started: float,
) -> None:
    # From here on an earlier run's results are replaced: none of them may stay behind.
    for name in ("report.json", *(f"{output}.nii.gz" for output in OUTPUTS)):
        (request.output / name).unlink(missing_ok=True)
    for name, array in outputs.items():
        image = Volume(array, volume.affine_vox_to_mm)
        save_volume(request.output / name, image, reference=request.image)
    write_report(
        request.output / "report.json",
        command=command,
        options=dataclasses.asdict(request),
        seed=None,
        inputs=[request.image],
        outputs=list(outputs),
        timings_s={"total": time.perf_counter() - started},
        extra={"checkpoint_step": model.step} | dataclasses.asdict(model.images),
    )
