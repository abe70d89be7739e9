"""Settings of the method, and the variants of the paper's ablation."""

import dataclasses

from spine_jax.core import InputError

AADE_POSITIONS = ("residual", "upsampling", "final", "final-output")
COMPUTE_DTYPES = ("float32", "bfloat16")


@dataclasses.dataclass(frozen=True)
class LossWeights:
    """Weight of each loss; 0 leaves the term out of the program.

    Attributes:
        adversarial: Eq. 5, generator side.
        reconstruction: Eq. 4.
        cycle: Eq. 6.
        artifact: Eq. 7.
        segmentation: Eq. 8, left: Dice of the three maps of a labelled image.
        attention: Eq. 8, right: Dice of its attention map.
        anatomy: Eq. 9.
        attention_hl: Not of the paper. Dice of the attention map of x_hl, which has the
            anatomy of x_h: Eq. 8 shows G_s codes of E_h alone.
        identity: Not of the paper. Holds x_lh to x_l and x_hl to x_h during the first
            `identity_steps`, less and less.
    """

    adversarial: float = 1.0
    reconstruction: float = 5.0
    cycle: float = 5.0
    artifact: float = 0.0
    segmentation: float = 5.0
    attention: float = 5.0
    anatomy: float = 5.0
    attention_hl: float = 0.0
    identity: float = 0.0


@dataclasses.dataclass(frozen=True)
class DisentangleConfig:
    """Everything that decides which networks exist and how they are trained.

    Hashable, and static under jit: another value is another program. The defaults are
    M4, the paper's full model, at the paper's size.

    Attributes:
        image_size: Pixels of a slice, or voxels of a patch; its length is the number
            of spatial dimensions.
        base_channels: Width of encoders and generators at full resolution.
        n_down: Halvings between image and content code.
        n_residual: Residual blocks of each encoder and generator.
        shape_channels: Width of G_s at full resolution.
        unet_channels: Width of S_l and S_h at full resolution.
        unet_depth: Halvings inside S_l and S_h.
        patch_channels: Width of D_l and D_h after their first layer.
        patch_layers: Strided layers of D_l and D_h; 2 see 34 pixels, 3 see 70.
        aade: Where G_h carries AADE, of `AADE_POSITIONS`; empty for none, and then
            there is no G_s. "final" acts on the features before the last convolution,
            "final-output" on the one channel after it.
        aade_hidden: Channels between attention map and gamma, beta.
        gamma_bias_init: Start of gamma's bias, 0 or 1.
        weights: Of the losses.
        identity_steps: Steps until the weight of the identity loss has gone to 0,
            evenly.
        learning_rate, betas, weight_decay: Of Adam; the decay is L2 in the gradient.
        averaging: Share that a running mean of the generators' parameters keeps from
            step to step; the mean is what a trained model is. Adversarial training goes
            round in circles, and its mean is better than where it happens to stop. 0
            takes the last parameters, as the paper does.
        compute_dtype: "float32" or "bfloat16" for activations. Parameters, statistics
            and losses are float32 either way.
    """

    image_size: tuple[int, ...] = (256, 256)
    base_channels: int = 64
    n_down: int = 2
    n_residual: int = 4
    shape_channels: int = 32
    unet_channels: int = 32
    unet_depth: int = 4
    patch_channels: int = 64
    patch_layers: int = 2
    aade: tuple[str, ...] = ("residual", "upsampling", "final")
    aade_hidden: int = 128
    gamma_bias_init: float = 1.0
    weights: LossWeights = LossWeights()
    identity_steps: int = 0
    learning_rate: float = 1e-4
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 1e-4
    averaging: float = 0.0
    compute_dtype: str = "float32"

    def __post_init__(self) -> None:
        _check_names(self)
        check_image_size(self, self.image_size)
        if not 0 <= self.averaging < 1:
            raise InputError(
                "AVERAGING",
                "averaging",
                f"{self.averaging}",
                "0 or more and less than 1; at 1 the mean never moves",
                "0.99 for a mean over some hundred steps",
            )
        for name in ("attention", "attention_hl"):
            weight = getattr(self.weights, name)
            if weight and not self.aade:
                raise InputError(
                    "NO-ATTENTION",
                    f"weights.{name}",
                    f"weight {weight} without any AADE",
                    "0 where there is no attention map",
                    f"set aade, or weights.{name} to 0",
                )

    @property
    def ndim(self) -> int:
        """Number of spatial dimensions."""
        return len(self.image_size)

    @property
    def segments(self) -> bool:
        """Whether S_l and S_h exist: some loss asks for their maps."""
        return bool(self.weights.segmentation or self.weights.anatomy)

    @property
    def attends(self) -> bool:
        """Whether G_s exists: some block of G_h takes its map."""
        return bool(self.aade)


def check_image_size(config: DisentangleConfig, size: tuple[int, ...]) -> None:
    """Check that a spatial size survives every halving of the networks.

    Raises:
        InputError: wrong number of dimensions, or a side that cannot be halved.
    """
    halvings = max(config.n_down, config.unet_depth if config.segments else 0)
    # PatchGAN halves too, but rounds down; its last two maps need a pixel left.
    smallest = 2 ** (config.patch_layers + 1) + 8
    if (
        len(size) != len(config.image_size)
        or len(size) not in (2, 3)
        or any(side % 2**halvings or side < smallest for side in size)
    ):
        raise InputError(
            "IMAGE-SIZE",
            "image_size",
            f"{' x '.join(map(str, size))}",
            f"{len(config.image_size)} sides (2 or 3), each a multiple of "
            f"{2**halvings} and at least {smallest}",
            "crop or pad the images, or lower unet_depth",
        )


def variant_config(
    variant: str = "m4",
    *,
    base_channels: int = 64,
    image_size: tuple[int, ...] = (256, 256),
) -> DisentangleConfig:
    """Settings of one variant; every width keeps the paper's ratio to the base.

    Args:
        variant: One of `VARIANTS`.
        base_channels: 64 is the paper's; even.
        image_size: Pixels per side.

    Raises:
        InputError: unknown variant.
    """
    if variant not in VARIANTS:
        raise InputError(
            "UNKNOWN-VARIANT",
            "variant",
            repr(variant),
            "one of " + ", ".join(VARIANTS),
            "the full model is m4",
        )
    aade, weights = VARIANTS[variant]
    return DisentangleConfig(
        image_size=tuple(image_size),
        base_channels=base_channels,
        shape_channels=base_channels // 2,
        unet_channels=base_channels // 2,
        patch_channels=base_channels,
        aade=aade,
        aade_hidden=2 * base_channels,
        weights=weights,
    )


_ALL_AADE = ("residual", "upsampling", "final")

VARIANTS: dict[str, tuple[tuple[str, ...], LossWeights]] = {
    "m1": ((), LossWeights(attention=0.0, anatomy=0.0)),
    "m2": ((), LossWeights(attention=0.0)),
    "m3": (_ALL_AADE, LossWeights(artifact=5.0)),
    "m4": (_ALL_AADE, LossWeights()),
    "adn": (
        (),
        LossWeights(
            reconstruction=20.0,
            cycle=20.0,
            artifact=20.0,
            segmentation=0.0,
            attention=0.0,
            anatomy=0.0,
        ),
    ),
}
"""AADE positions and loss weights of M1-M4 (Table 1) and of ADN, the method's base."""


def _check_names(config: DisentangleConfig) -> None:
    unknown = set(config.aade) - set(AADE_POSITIONS)
    if unknown or config.compute_dtype not in COMPUTE_DTYPES:
        found = sorted(unknown) or config.compute_dtype
        raise InputError(
            "UNKNOWN-NAME",
            "aade" if unknown else "compute_dtype",
            str(found),
            "names of " + ", ".join(AADE_POSITIONS if unknown else COMPUTE_DTYPES),
            "check the spelling",
        )
