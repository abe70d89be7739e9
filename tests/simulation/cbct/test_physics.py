"""Draws of devices."""

import dataclasses

import numpy as np

from spine_jax.simulation.cbct import PhysicsRanges, one_device
from spine_jax.simulation.cbct.physics import draw_physics


def test_one_device_keeps_within_the_ranges_of_all():
    wide = PhysicsRanges()
    devices = [one_device(np.random.default_rng(seed), wide) for seed in range(50)]
    for field in dataclasses.fields(wide):
        low, high = getattr(wide, field.name)
        narrow = np.array([getattr(device, field.name) for device in devices])
        assert narrow.min() >= low and narrow.max() <= high * (1 + 1e-12)
        width = narrow[:, 1] - narrow[:, 0]
        np.testing.assert_allclose(width, 0.2 * (high - low), atol=1e-9 * high)
    kv = [device.tube_kv[0] for device in devices]
    # Starts are spread over 90 to 106 kV.
    assert min(kv) < 92 and max(kv) > 104


def test_scans_of_one_device_are_alike():
    device = one_device(np.random.default_rng(0), PhysicsRanges())
    rngs = [np.random.default_rng(seed) for seed in range(20)]
    scans = [draw_physics(rng, device, 0.9) for rng in rngs]
    kv = np.array([scan.tube_kv for scan in scans])
    assert 0 < np.ptp(kv) <= 4.0
    photons = np.array([scan.photons for scan in scans])
    # A fifth of 4e4 to 1e5.
    assert 0 < np.ptp(photons) <= 1.2e4
