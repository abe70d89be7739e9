"""Settings of CycleGAN."""

import dataclasses

from spine_jax.baselines.sizes import check_sides


@dataclasses.dataclass(frozen=True)
class CycleGANConfig:
    """Hashable, and static under jit. The defaults are the authors'.

    Attributes:
        image_size: Pixels of a slice.
        base_channels: Width of the generators at full resolution.
        n_residual: Residual blocks of a generator.
        patch_channels: Width of the discriminators after their first layer.
        patch_layers: Strided layers of the discriminators; 3 see 70 pixels.
        pool_size: Made images of a domain that are kept for its discriminator.
        cycle_weight: Of both cycles; adversarial losses weigh 1.
        identity_weight: Of images that are of the wanted domain already.
        learning_rate, betas: Of Adam. The rate falls to 0 in the second half.
        n_steps: Of the run.
        seed: Of the pools' coins.
    """

    image_size: tuple[int, ...] = (256, 256)
    base_channels: int = 64
    n_residual: int = 9
    patch_channels: int = 64
    patch_layers: int = 3
    pool_size: int = 50
    cycle_weight: float = 10.0
    identity_weight: float = 5.0
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    n_steps: int = 285_180
    seed: int = 0

    def __post_init__(self) -> None:
        check_size(self, self.image_size)


def cyclegan_config(
    *,
    base_channels: int = 64,
    image_size: tuple[int, ...] = (256, 256),
    n_steps: int = 285_180,
) -> CycleGANConfig:
    """Settings at a width and for a length of run.

    The authors train for 200 epochs. The default is as many steps as A3DSegNet has.

    Raises:
        InputError: a size the networks cannot take.
    """
    return CycleGANConfig(
        image_size=tuple(image_size),
        base_channels=base_channels,
        patch_channels=base_channels,
        n_steps=n_steps,
    )


def check_size(config: CycleGANConfig, size: tuple[int, ...]) -> None:
    """Check that a spatial size fits the networks.

    Raises:
        InputError: it does not.
    """
    # The generators halve twice, and the discriminators' last maps need a pixel left.
    smallest = 2 ** (config.patch_layers + 1) + 8
    check_sides(size, len(config.image_size), multiple=4, smallest=smallest)
