"""Settings of AdaptSegNet."""

import dataclasses

from spine_jax.baselines.sizes import check_sides


@dataclasses.dataclass(frozen=True)
class AdaptSegNetConfig:
    """Hashable, and static under jit.

    The defaults are the authors' but for the trunk: theirs is a ResNet-101, blocks
    (3, 4, 23, 3), started from ImageNet. No such weights are used here.

    Attributes:
        image_size: Pixels of a slice.
        base_channels: Width of the trunk's first layer.
        blocks: Bottlenecks of each of the trunk's four stages.
        aspp_rates: Dilations of the convolutions that are summed to a map. The authors'
            release returns from within its loop and so sums only (6, 12).
        patch_channels: Width of the discriminators after their first layer.
        aux_weight: Of the Dice loss of the third stage's map; the fourth's weighs 1.
        adversarial_weight, adversarial_aux_weight: Of the two maps.
        learning_rate: Of the trunk; the two heads learn `head_factor` times as fast.
        head_factor: See there.
        momentum, weight_decay: Of the segmentor's SGD.
        patch_learning_rate, patch_betas: Of the discriminators' Adam.
        n_steps: Of the run. Rates fall to 0 at 5/3 of it: the authors plan for 250,000
            steps and stop after 150,000.
    """

    image_size: tuple[int, ...] = (256, 256)
    base_channels: int = 64
    blocks: tuple[int, int, int, int] = (3, 4, 6, 3)
    aspp_rates: tuple[int, ...] = (6, 12, 18, 24)
    patch_channels: int = 64
    aux_weight: float = 0.1
    adversarial_weight: float = 0.001
    adversarial_aux_weight: float = 0.0002
    learning_rate: float = 2.5e-4
    head_factor: float = 10.0
    momentum: float = 0.9
    weight_decay: float = 5e-4
    patch_learning_rate: float = 1e-4
    patch_betas: tuple[float, float] = (0.9, 0.99)
    n_steps: int = 150_000

    def __post_init__(self) -> None:
        check_size(self, self.image_size)


def adaptsegnet_config(
    *,
    base_channels: int = 64,
    image_size: tuple[int, ...] = (256, 256),
    n_steps: int = 150_000,
) -> AdaptSegNetConfig:
    """Settings at a width and for a length of run.

    Raises:
        InputError: a size the networks cannot take.
    """
    return AdaptSegNetConfig(
        image_size=tuple(image_size),
        base_channels=base_channels,
        patch_channels=base_channels,
        n_steps=n_steps,
    )


def check_size(config: AdaptSegNetConfig, size: tuple[int, ...]) -> None:
    """Check that a spatial size fits the networks.

    Raises:
        InputError: it does not.
    """
    # The trunk halves three times, the discriminators five.
    check_sides(size, len(config.image_size), multiple=8, smallest=32)
