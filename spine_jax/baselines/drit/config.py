"""Settings of DRIT."""

import dataclasses

from spine_jax.baselines.sizes import check_sides

CONTENT_KERNEL = 7
"""Width of the strided layers of the content discriminator."""
CONTENT_MAP = 4
"""Width of its first layer without a stride."""


@dataclasses.dataclass(frozen=True)
class DRITConfig:
    """Hashable, and static under jit. The defaults are the authors' but for one.

    Attributes:
        image_size: Pixels of a slice.
        base_channels: Width of encoders at full resolution; content has 4 times it.
        n_residual: Residual blocks a domain has of its own in encoder and generator.
        n_attributes: Numbers of an attribute code.
        scales: Resolutions the image discriminators look at, halved each.
        patch_layers: Strided layers of an image discriminator at each of them.
        patch_channels: Width of the image discriminators after their first layer.
        content_layers: Strided layers of the content discriminator.
        content_norm: Whether these have an instance norm. The authors ask for one and
            by a slip of the pen ('norm' == 'Instance') never get it: False is theirs.
        content_steps: Steps that train the content discriminator alone, before each
            one that trains all. The authors count only the latter.
        reconstruction_weight: Of images from their own codes.
        cycle_weight: Of images from the codes of their translations.
        latent_weight: Of random attributes read off the images made of them.
        kl_weight: Of attributes' distance from N(0, 1).
        content_weight: Of the squared content.
        learning_rate, betas, weight_decay: Of Adam; the decay is L2 in the gradient.
            The rate falls to 0 in the second half.
        content_learning_rate: Of the content discriminator, likewise.
        content_clip: Largest norm of its gradient.
        n_steps: Of the run, the content discriminator's own included.
        seed: Of all noise.
    """

    image_size: tuple[int, ...] = (256, 256)
    base_channels: int = 64
    n_residual: int = 3
    n_attributes: int = 8
    scales: int = 3
    patch_layers: int = 4
    patch_channels: int = 64
    content_layers: int = 3
    content_norm: bool = True
    content_steps: int = 2
    reconstruction_weight: float = 10.0
    cycle_weight: float = 10.0
    latent_weight: float = 10.0
    kl_weight: float = 0.01
    content_weight: float = 0.01
    learning_rate: float = 1e-4
    content_learning_rate: float = 4e-5
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 1e-4
    content_clip: float = 5.0
    n_steps: int = 285_180
    seed: int = 0

    def __post_init__(self) -> None:
        # Attribute encoders halve four times.
        smallest = max(16, 2 ** (self.scales - 1 + self.patch_layers))
        while _content_map(smallest, self.content_layers) < CONTENT_MAP:
            smallest += 16
        check_sides(
            self.image_size, len(self.image_size), multiple=16, smallest=smallest
        )


def drit_config(
    *,
    base_channels: int = 64,
    image_size: tuple[int, ...] = (256, 256),
    n_steps: int = 285_180,
) -> DRITConfig:
    """Settings at a width and for a length of run.

    The authors look at 216 x 216 pixels and make 500,000 steps that train all, each
    after two of the content discriminator's. That has as many of its three strided
    layers as leave it a map to look at: two at 128 x 128 pixels. Image discriminators
    likewise look at as many of their three scales as there are pixels for.

    Raises:
        InputError: a size the networks cannot take.
    """
    layers = DRITConfig.content_layers
    while layers and _content_map(min(image_size), layers) < CONTENT_MAP:
        layers -= 1
    scales = DRITConfig.scales
    while scales > 1 and 2 ** (scales - 1 + DRITConfig.patch_layers) > min(image_size):
        scales -= 1
    return DRITConfig(
        image_size=tuple(image_size),
        scales=scales,
        base_channels=base_channels,
        patch_channels=base_channels,
        content_layers=layers,
        n_steps=n_steps,
    )


def check_size(config: DRITConfig, size: tuple[int, ...]) -> None:
    """Check that a spatial size fits content encoder and generator.

    Raises:
        InputError: it does not.
    """
    check_sides(size, len(config.image_size), multiple=4, smallest=16)


def _content_map(side: int, layers: int) -> int:
    """Pixels a side of the content discriminator's map after its strided layers."""
    side //= 4
    for _ in range(layers):
        side = (side + 2 - CONTENT_KERNEL) // 2 + 1
    return side
