"""The `translate` and `segment` commands: a CBCT in, a trained 2D model's answer on the
CBCT's own grid out."""

import dataclasses
import time
import warnings
from pathlib import Path

import jax
import numpy as np
from scipy import ndimage

from spine_jax.core import InputError, Volume, orientation_codes, spacing_mm
from spine_jax.data import Dataset, Scale, read_image
from spine_jax.data.scales import PERCENTILES
from spine_jax.data.store import CT_SCALE, OUTSIDE
from spine_jax.disentangle import (
    DisentangleConfig,
    LossWeights,
    Params,
    init_state,
    segment,
    translate,
)
from spine_jax.io.nifti import load_volume, save_volume
from spine_jax.io.report import write_report
from spine_jax.pipeline.output_folder import check_output_folder
from spine_jax.training.checkpoint import load_checkpoint, load_settings
from spine_jax.training.loop import newest_checkpoint

OUTPUTS = ("ct", "attention", "mask", "probability")
_FRAME_AXES = ("SI", "PA", "LR")
"""Slices upwards, rows from front to back, columns from right to left."""
_BLUR = 0.4
"""Of the width that averaging over a slice's voxel adds, as in making data sets."""
_LOOKED_AT, _EVERY = 16, 8
"""Training volumes, and every so many slices of each, that tell the usual values."""
_SMALL_SHARE = 0.5


@dataclasses.dataclass(frozen=True)
class ImageSpace:
    """What a model takes for an image; part of a checkpoint's settings.

    Attributes:
        spacing_mm: Of slices, rows and columns.
        view_radius_mm: Pixels farther from the middle of a slice are empty.
        cbct_scale: Intensities that become -1 and 1.
        usual: Percentiles 5 and 95 of CBCTs in view, after scaling.
    """

    spacing_mm: tuple[float, float, float]
    view_radius_mm: float
    cbct_scale: tuple[float, float]
    usual: tuple[float, float]


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """A model and its images."""

    params: Params
    images: ImageSpace
    step: int


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


def image_space(dataset: Dataset, shrink: int = 1) -> ImageSpace:
    """The images of a training on a data set whose pixels are averaged by `shrink`."""
    slice_mm, row_mm, column_mm = dataset.spacing_mm
    seen = np.argwhere(dataset.field_of_view)
    middle = (np.array(dataset.field_of_view.shape) - 1) / 2
    from_axis = np.linalg.norm((seen - middle) * (row_mm, column_mm), axis=1)
    some = slice(None, None, _EVERY)
    values = [
        read_image(dataset, volume, some)[:, dataset.field_of_view].ravel()
        for volume in dataset.select("cbct", "train")[:_LOOKED_AT]
    ]
    low, high = np.percentile(np.concatenate(values), PERCENTILES)
    return ImageSpace(
        spacing_mm=(slice_mm, row_mm * shrink, column_mm * shrink),
        view_radius_mm=float(from_axis.max()),
        cbct_scale=(dataset.cbct_scale.low, dataset.cbct_scale.high),
        usual=(float(low), float(high)),
    )


def load_model(folder: Path) -> TrainedModel:
    """The newest checkpoint of a training run on slices.

    Raises:
        InputError: for a folder without one, or with one of another kind.
    """
    found = newest_checkpoint(folder)
    if found is None:
        missing = "no complete checkpoint" if folder.is_dir() else "no such folder"
        expected = "the --workdir of experiments/train_disentangle.py"
        raise InputError("NO-CHECKPOINT", folder, missing, expected, "another folder")
    step, place = found
    try:
        settings = load_settings(place)
        model, images = _tupled(settings["model"]), _tupled(settings["images"])
        model["weights"] = LossWeights(**model["weights"])
        config, images = DisentangleConfig(**model), ImageSpace(**images)
        if config.ndim != 2:
            raise TypeError("a 3D model")
    except (KeyError, TypeError) as error:
        raise InputError(
            "CHECKPOINT",
            place,
            f"no settings of a model of slices ({type(error).__name__}: {error})",
            "a 2D run of experiments/train_disentangle.py",
            "another folder, or training again with this version",
        ) from None
    state = load_checkpoint(place, like=init_state(jax.random.key(0), config))
    params = dataclasses.replace(state.params, discriminators={})
    return TrainedModel(params, images, step)


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


def segment_to_folder(request: CbctRequest, *, probability: bool = False) -> None:
    """Write `mask.nii.gz`, 1 in vertebrae, `probability.nii.gz` if asked for, and
    `report.json` last.

    Raises: as `translate_to_folder`.
    """
    started = time.perf_counter()
    model, volume, frame, images = _prepared(request)
    found = segment(model.params, images, batch_size=request.batch_size)
    share = frame.restored(found[..., 0], 0.0)
    outputs = {"mask.nii.gz": (share > 0.5).astype(np.float32)}
    outputs |= {"probability.nii.gz": share} if probability else {}
    _write("segment", request, model, volume, outputs, started)


@dataclasses.dataclass(frozen=True)
class Frame:
    """A model's slices laid into a volume: around its middle, along its own axes.

    Attributes:
        frame_to_vox: [4, 4], (slice, row, column) to voxel; a scaled permutation.
        shape: Of the slices, [Z, H, W].
        volume_shape: Of the volume, [X, Y, Z].
        in_view: Which voxels the model sees, bool, broadcasts to `volume_shape`.
    """

    frame_to_vox: np.ndarray
    shape: tuple[int, ...]
    volume_shape: tuple[int, ...]
    in_view: np.ndarray

    def cut(self, array: np.ndarray) -> np.ndarray:
        """Slices [Z, H, W] of voxels [X, Y, Z]; the least value outside."""
        return ndimage.affine_transform(
            array,
            self.frame_to_vox,
            output_shape=self.shape,
            order=1,
            # Not "constant": rounding would put the outermost voxels outside.
            mode="grid-constant",
            cval=float(array.min()),
        )

    def restored(self, slices: np.ndarray, outside: float) -> np.ndarray:
        """Voxels [X, Y, Z] of slices [Z, H, W]; a value for what is out of view."""
        # The outermost voxels may lie half a slice beyond its centre.
        array = ndimage.affine_transform(
            slices,
            np.linalg.inv(self.frame_to_vox),
            output_shape=self.volume_shape,
            order=1,
            mode="nearest",
        )
        return np.where(self.in_view, array, np.float32(outside))


def lay_frame(volume: Volume, images: ImageSpace, size: tuple[int, ...]) -> Frame:
    """Where slices of H x W pixels lie in a volume of any orientation."""
    affine, voxels = volume.affine_vox_to_mm, np.array(volume.array.shape)
    codes, spacing = orientation_codes(affine), spacing_mm(affine)
    frame_to_vox, axes = np.zeros((4, 4)), []
    for k, letters in enumerate(_FRAME_AXES):
        axis = next(i for i, code in enumerate(codes) if code in letters)
        sign = 1.0 if codes[axis] == letters[0] else -1.0
        frame_to_vox[axis, k] = sign * images.spacing_mm[k] / spacing[axis]
        axes.append(axis)
    height_mm = voxels[axes[0]] * spacing[axes[0]]
    shape = (max(1, int(np.ceil(height_mm / images.spacing_mm[0] - 1e-6))), *size)
    middle = (np.array(shape) - 1) / 2
    frame_to_vox[:3, 3] = (voxels - 1) / 2 - frame_to_vox[:3, :3] @ middle
    frame_to_vox[3, 3] = 1.0
    squares = np.zeros((1, 1, 1))
    for axis in axes[1:]:
        mm = (np.arange(int(voxels[axis])) - (voxels[axis] - 1) / 2) * spacing[axis]
        squares = squares + (mm**2).reshape([-1 if i == axis else 1 for i in range(3)])
    in_view = squares <= images.view_radius_mm**2
    return Frame(frame_to_vox, shape, volume.array.shape, in_view)


def model_images(
    volume: Volume, frame: Frame, images: ImageSpace, own: bool
) -> np.ndarray:
    """Slices of a CBCT as the model takes them, [Z, H, W, 1] in [-1, 1], on the scale
    of the training or on the volume's own."""
    pixel_vox = np.abs(frame.frame_to_vox[:3, :3]) @ np.ones(3)
    # Voxels are blurred where a slice's pixel spans several of them.
    sigma_vox = _BLUR * np.sqrt(np.maximum(pixel_vox**2 - 1, 0))
    blurred = ndimage.gaussian_filter(volume.array, sigma_vox, mode="nearest")
    slices = frame.cut(blurred)
    rows_mm, columns_mm = (
        (np.arange(n) - (n - 1) / 2) * step
        for n, step in zip(frame.shape[1:], images.spacing_mm[1:])
    )
    seen = rows_mm[:, None] ** 2 + columns_mm**2 <= (images.view_radius_mm + 1e-6) ** 2
    scale = _own_scale(slices[:, seen], images) if own else Scale(*images.cbct_scale)
    return np.where(seen, scale(slices), np.float32(OUTSIDE))[..., None]


def _own_scale(seen: np.ndarray, images: ImageSpace) -> Scale:
    """The scale that gives a scan's percentiles their usual values."""
    low, high = np.percentile(seen, PERCENTILES)
    usual_low, usual_high = images.usual
    per_unit = max(high - low, 1e-6) / max(usual_high - usual_low, 1e-6)
    return Scale(*(float(low + (end - usual_low) * per_unit) for end in (-1, 1)))


def _prepared(
    request: CbctRequest,
) -> tuple[TrainedModel, Volume, Frame, np.ndarray]:
    check_output_folder(request.output, overwrite=request.overwrite)
    volume = load_volume(request.image, **request.reading)
    model = load_model(request.ckpt)
    frame = lay_frame(volume, model.images, model.params.config.image_size)
    if (share := float(frame.in_view.mean())) < _SMALL_SHARE:
        warnings.warn(
            f"the model sees a cylinder of {2 * model.images.view_radius_mm:.0f} mm "
            f"around the middle, {share:.0%} of {request.image}; the rest stays empty",
            stacklevel=2,
        )
    slices = model_images(volume, frame, model.images, request.own_scale)
    return model, volume, frame, slices


def _write(
    command: str,
    request: CbctRequest,
    model: TrainedModel,
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


def _tupled(plain: dict) -> dict:
    """What JSON made lists of."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in plain.items()}
