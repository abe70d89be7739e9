"""Run by `test_convolution.py` in processes of its own: the bits of the convolutions.

Prints JSON: `threads`, of XLA's pool, or null where the system does not list them;
`default`, the implementation of each dtype; and `digest`, of every output byte.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from spine_jax.kernels.convolution import (
    Window,
    convolution,
    default_implementation,
    input_gradient,
    kernel_gradient,
)
from tests.kernels.convolutions import operands

WINDOWS = [
    (Window((12, 40, 40), (3, 3, 3), 1, 1), 8, 16),
    (Window((6, 6, 6), (3, 3, 3), 1, 1), 32, 64),
    (Window((70, 66), (4, 4), 2, 1), 17, 8),
    (Window((70, 66), (3, 3), 1, 1), 16, 1),
]
SCALES = (1.0, 1e-20)
"""Also where products are denormal numbers: flushing them to zero is a setting of each
thread."""


def main() -> None:
    digest = hashlib.sha256()
    for (window, channels, features), scale in (
        (w, s) for w in WINDOWS for s in SCALES
    ):
        x, kernel, g = (scale * a for a in operands(window, channels, features))
        for operation, a, b in (
            (convolution, x, kernel),
            (input_gradient, g, kernel),
            (kernel_gradient, x, g),
        ):
            found = operation(a, b, window, implementation="native")
            digest.update(np.asarray(found).tobytes())
    names = [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]
    report = {
        "threads": sum("XLAEigen" in name for name in names) or None,
        "default": {d: default_implementation(d) for d in ("float32", "bfloat16")},
        "digest": digest.hexdigest(),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
