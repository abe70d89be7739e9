"""What the harness has to know of a method."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What a method makes of CBCT slices; None for what it does not make.

    Attributes:
        x_lh: Clean CT-like images, [N, H, W, 1] in [-1, 1].
        y_l: Vertebra probabilities, [N, H, W, 1] in [0, 1].
    """

    x_lh: np.ndarray | None = None
    y_l: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Method:
    """A method of one size, ready to be trained on slices.

    Attributes:
        image_size: Pixels of a slice.
        settings: JSON-able; decides the numbers, with the harness's own.
        init_state: The state before the first step, whose `params` the next two take.
        train_step: From state and batch to state and metrics.
        predict: From parameters and CBCT slices [N, H, W, 1].
        picture: From parameters, CBCT and CT slices to columns of images by title,
            [N, H, W, 1]: images in [-1, 1], and masks in [0, 1] whose titles say so.
        shown_losses: Names of metrics for the progress line.
    """

    image_size: tuple[int, int]
    settings: dict
    init_state: Callable[[], Any]
    train_step: Callable
    predict: Callable[[Any, np.ndarray], Prediction]
    picture: Callable[[Any, np.ndarray, np.ndarray], dict[str, np.ndarray]]
    shown_losses: tuple[str, ...]
