"""Implants lie in pedicles, and metal is nowhere else."""

import numpy as np

from spine_jax.simulation.cbct.implants import (
    Implant,
    draw_implants,
    metal_grid,
    metal_shares,
)
from spine_jax.simulation.cbct.pedicles import find_pedicles
from spine_jax.simulation.cbct.placement import place_patient
from spine_jax.simulation.cbct.projector import grid_within

METALS = ("titanium", "steel", "cobalt-chromium")
GRID = grid_within([-15, -15, -15], [15, 15, 15], 1.0)


def cylinder(kind="screw", metal="titanium", radius=3.0) -> Implant:
    start, end = np.array([-8.0, -3, -5]), np.array([6.0, 4, 7])
    return Implant(kind, metal, start, end, radius)


def test_shares_have_the_volume_of_the_cylinder():
    length = np.sqrt(14**2 + 7**2 + 12**2)
    tube = np.pi * 9 * length
    shares = metal_shares([cylinder()], ["titanium"], GRID)
    np.testing.assert_allclose(shares.sum(), tube, rtol=0.01)
    rounded = metal_shares([cylinder("rod")], ["titanium"], GRID)
    np.testing.assert_allclose(rounded.sum(), tube + 4 / 3 * np.pi * 27, rtol=0.01)


def test_a_thin_wire_keeps_its_volume():
    wire = cylinder("wire", "steel", 0.75)
    grid = metal_grid([wire], 0.5)
    shares = metal_shares([wire], ["steel"], grid)
    length = np.sqrt(14**2 + 7**2 + 12**2)
    expected = np.pi * 0.75**2 * (length + 4 / 3 * 0.75)
    np.testing.assert_allclose(shares.sum() / 8, expected, rtol=0.02)
    assert np.mean(shares[shares > 0] < 1) > 0.5


def test_metals_share_a_voxel_at_most_once():
    tulip = cylinder("tulip", "titanium", 6.0)
    rod = Implant("rod", "steel", np.array([0.0, 0, -14]), np.array([0.0, 0, 14]), 3.0)
    shares = metal_shares([tulip, rod], METALS, GRID)
    assert shares.sum(axis=0).max() <= 1 + 1e-6
    # The rod went through the tulip.
    assert shares[1, 15, 15, 15] == 1 and shares[0, 15, 15, 15] == 0


def test_metal_is_only_where_implants_are():
    implants = [cylinder(), cylinder("rod", "steel", 2.0)]
    grid = metal_grid(implants, 0.5)
    shares = metal_shares(implants, METALS, grid).sum(axis=0)
    points = np.stack(np.meshgrid(*grid.axes_mm(), indexing="ij"), -1)
    distance = np.min([i.distance_mm(points) for i in implants], axis=0)
    assert np.all(shares[distance > 0.5] == 0)
    assert np.all(shares[distance < -0.5] > 0.999)
    # Nothing touches the border of its grid, and sizes come in sixteens.
    assert not shares[[0, -1]].any() and not shares[:, :, [0, -1]].any()
    assert all(n % 16 == 0 for n in grid.shape)


def test_distance_to_a_cylinder_by_hand():
    implant = Implant("screw", "titanium", np.zeros(3), np.array([0.0, 0, 10]), 2.0)
    points = np.array([[0.0, 0, 5], [5, 0, 5], [0, 0, 13], [5, 0, 14], [0, 1.5, 5]])
    np.testing.assert_allclose(implant.distance_mm(points), [-2, 3, 3, 5, -0.5])


def test_pedicles_are_bone_beside_the_canal(phantom):
    placement = place_patient(np.random.default_rng(0), phantom.labels, 10.0, 5.0)
    pedicles = find_pedicles(phantom.labels, placement)
    assert [(p.label, p.side) for p in pedicles] == [
        (22, -1), (22, 1), (23, -1), (23, 1),
    ]  # fmt: skip
    labels, affine = phantom.labels.array, phantom.labels.affine_vox_to_mm
    to_voxel = np.linalg.inv(affine) @ placement.carm_to_world
    for pedicle in pedicles:
        # From the middle of the pedicle to where the screw ends, all is that bone.
        steps = np.linspace(0, pedicle.depth_mm, 20)[:, None]
        way = pedicle.centre_mm + steps * pedicle.forwards
        index = np.rint(way @ to_voxel[:3, :3].T + to_voxel[:3, 3]).astype(int)
        assert np.mean(labels[tuple(index.T)] == pedicle.label) > 0.9
        assert 30 < pedicle.entry_mm + pedicle.depth_mm < 65
        assert 3 < pedicle.entry_mm < 35
    left, right = pedicles[0], pedicles[1]
    assert 20 < np.linalg.norm(left.centre_mm - right.centre_mm) < 50
    # Both converge towards the middle.
    between = right.centre_mm - left.centre_mm
    assert left.forwards @ between > 0 > right.forwards @ between


def test_draws_have_the_sizes_of_real_ones(phantom):
    placement = place_patient(np.random.default_rng(0), phantom.labels, 0.0, 0.0)
    pedicles = find_pedicles(phantom.labels, placement)
    kinds = set()
    for seed in range(40):
        for implant in draw_implants(np.random.default_rng(seed), pedicles):
            kinds.add(implant.kind)
            length = np.linalg.norm(implant.end_mm - implant.start_mm)
            low, high, shortest, longest = {
                "screw": (4.5, 7.5, 35, 55),
                "tulip": (10, 14, 15, 15),
                "rod": (5.5, 6, 20, 90),
                "wire": (1.5, 2, 45, 150),
            }[implant.kind]
            assert low <= 2 * implant.radius_mm <= high
            assert shortest - 1e-6 <= length <= longest + 1e-6
    assert kinds == {"screw", "tulip", "rod", "wire"}


def test_no_pedicle_near_means_no_implant():
    assert draw_implants(np.random.default_rng(0), []) == ()
