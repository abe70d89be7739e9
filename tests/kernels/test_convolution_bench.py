"""The benchmark of the convolutions compares like with like."""

import pytest

from spine_jax.kernels.convolution import Window, bench
from tests.kernels.battery import needs_native


@needs_native
@pytest.mark.parametrize(
    "window", [Window((6, 8), (4, 4), 2, 1), Window((4, 5, 6), (3, 3, 3), 1, 1)]
)
def test_all_libraries_give_the_same_answers(window):
    layer = bench.Layer(2, 3, 5, window)
    rows = list(bench.layer_rows(layer, repeats=1))
    assert [row["operation"] for row in rows] == list(bench.OPERATIONS)
    for row in rows:
        differences = [v for k, v in row.items() if k.startswith("max_difference")]
        assert differences and max(differences) < 1e-5


def test_operations_are_counted_once_for_each_product():
    # 2 images of 4 x 3 outputs, each a sum over 3 x 2 taps of 5 channels, 7 times.
    layer = bench.Layer(2, 5, 7, Window((6, 4), (3, 2), 1, 0))
    assert layer.flops == 2 * (2 * 12 * 6 * 5 * 7)
