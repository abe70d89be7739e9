"""Settings of the 3D stage."""

import dataclasses

from spine_jax.core import InputError


@dataclasses.dataclass(frozen=True)
class Segment3DConfig:
    """Everything that decides the two 3D segmentors and how they are trained.

    Hashable, and static under jit. The defaults are the paper's size, after its
    reduction to voxels of 1 mm.

    Attributes:
        patch_size: Voxels of a training patch, slices first.
        unet_channels: Width at full resolution.
        unet_depth: Halvings.
        segmentation_weight: Of Eq. 12.
        anatomy_weight: Of Eq. 13.
        learning_rate, betas, weight_decay: Of Adam; the decay is L2 in the gradient.
        falling_steps: Length of a run in whose second half the rate falls to 0; 0
            holds it, as the paper does.
        compute_dtype: "float32" or "bfloat16" for activations.
    """

    patch_size: tuple[int, int, int] = (96, 128, 128)
    unet_channels: int = 16
    unet_depth: int = 4
    segmentation_weight: float = 1.0
    anatomy_weight: float = 1.0
    learning_rate: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    falling_steps: int = 0
    compute_dtype: str = "float32"

    def __post_init__(self) -> None:
        check_patch_size(self, self.patch_size)


def check_patch_size(config: Segment3DConfig, size: tuple[int, ...]) -> None:
    """Check that a patch survives every halving.

    Raises:
        InputError: not three sides, or one that cannot be halved often enough.
    """
    multiple = 2**config.unet_depth
    # An instance norm over one voxel leaves nothing.
    if (
        len(size) != 3
        or any(side % multiple or side < 1 for side in size)
        or (all(side == multiple for side in size))
    ):
        raise InputError(
            "PATCH-SIZE",
            "patch_size",
            " x ".join(map(str, size)),
            f"3 sides, each a multiple of {multiple} and not all of them {multiple}",
            "another patch_size, or a lower unet_depth",
        )
