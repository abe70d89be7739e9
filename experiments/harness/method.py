"""What the harness has to know of a method."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from spine_jax.data import Dataset

Columns = Mapping[str, Sequence[np.ndarray]]


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
        init_state: The state before the first step.
        train_step: From state and batch to state and metrics.
        trained: From a state to the parameters that the next two take.
        predict: From parameters and the slices of a CBCT, [Z, H, W, 1].
        picture: From parameters, a data set and its pixels along a side of a model's
            to columns of images [H, W, 1] by title, of one length: grey values in
            [-1, 1], or masks in [0, 1].
        shown_losses: Names of metrics for the progress line.
    """

    image_size: tuple[int, ...]
    settings: dict
    init_state: Callable[[], Any]
    train_step: Callable
    trained: Callable[[Any], Any]
    predict: Callable[[Any, np.ndarray], Prediction]
    picture: Callable[[Any, Dataset, int], Columns]
    shown_losses: tuple[str, ...]
