"""The grey value above which S_l^3D is shown no difference."""

import itertools

import numpy as np

from experiments.train_segment3d import CEILING_BATCHES, metal_free_ceiling


class Patches:
    """Batches without end; CTs made like CBCT hold 1 to 1000, halves of thousandths."""

    def __init__(self):
        self.taken = 0

    def iterate(self, start=0):
        for step in itertools.count(start):
            self.taken += 1
            values = np.arange(1, 1001, dtype=np.float32).reshape(1, 10, 10, 10, 1)
            yield {"x_hl": values / 2000, "x_l": values + step}


def test_all_but_a_thousandth_of_the_metal_free_images_is_below():
    patches = Patches()
    ceiling = metal_free_ceiling(patches)
    assert 0.499 <= ceiling <= 0.5
    assert patches.taken == CEILING_BATCHES
    assert metal_free_ceiling(Patches()) == ceiling
