"""Settings of SIFA."""

import dataclasses

from spine_jax.baselines.sizes import check_sides


@dataclasses.dataclass(frozen=True)
class SIFAConfig:
    """Hashable, and static under jit. The defaults are the authors'; their batch is 8.

    Attributes:
        image_size: Pixels of a slice.
        base_channels: Width of generator and decoder at full resolution.
        encoder_channels: Width of the encoder's first layer.
        encoder_widths: Those of its residual blocks, in multiples of that, for each
            resolution down to an eighth; further layers are as wide as the last.
        patch_channels: Width of the discriminators after their first layer.
        n_residual: Residual blocks of the generator.
        n_decoder_residual: Those of the decoder.
        pool_size: Made images of a domain that are kept for its discriminator.
        cycle_weight: Of both cycles, in every objective they are part of.
        low_weight: Of the segmentation from the encoder's lower features.
        translation_weight: Of the decoder's objective in the encoder's.
        map_weight, low_map_weight: Of cone-beam CT's logits that are to look like CT's.
        aux_weight: Of translated CT that is to look like cycled CT.
        decay_weight: Of half the squared parameters of encoder and heads.
        learning_rate: Of every Adam; constant. A higher one of the segmentor in the
            authors' release only reaches its log.
        betas: Of all but the segmentor's.
        segmentor_betas: Of encoder and heads.
        n_steps: Of the run.
        seed: Of the pools' coins.
    """

    image_size: tuple[int, ...] = (256, 256)
    base_channels: int = 32
    encoder_channels: int = 16
    encoder_widths: tuple[tuple[int, ...], ...] = (
        (1,),
        (2,),
        (4, 4),
        (8, 8, 16, 16, 16, 16, 32, 32),
    )
    patch_channels: int = 64
    n_residual: int = 9
    n_decoder_residual: int = 4
    pool_size: int = 50
    cycle_weight: float = 10.0
    low_weight: float = 0.1
    translation_weight: float = 0.1
    map_weight: float = 0.1
    low_map_weight: float = 0.01
    aux_weight: float = 0.1
    decay_weight: float = 1e-4
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    segmentor_betas: tuple[float, float] = (0.9, 0.999)
    n_steps: int = 20_000
    seed: int = 0

    def __post_init__(self) -> None:
        check_size(self, self.image_size)

    @property
    def n_features(self) -> int:
        """Channels of the encoder's last layers."""
        return self.encoder_channels * self.encoder_widths[-1][-1]


def sifa_config(
    *,
    base_channels: int = 64,
    image_size: tuple[int, ...] = (256, 256),
    n_steps: int = 20_000,
) -> SIFAConfig:
    """Settings at a width; every one keeps the authors' ratio to the discriminators'.

    Raises:
        InputError: a size the networks cannot take.
    """
    return SIFAConfig(
        image_size=tuple(image_size),
        base_channels=base_channels // 2,
        encoder_channels=base_channels // 4,
        patch_channels=base_channels,
        n_steps=n_steps,
    )


def check_size(config: SIFAConfig, size: tuple[int, ...]) -> None:
    """Check that a spatial size fits the networks.

    Raises:
        InputError: it does not.
    """
    check_sides(size, len(config.image_size), multiple=8, smallest=16)
