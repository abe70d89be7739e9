"""What voxels are made of, and the spectrum that sees them."""

import numpy as np
import pytest

from spine_jax.simulation.cbct import materials, spectrum
from spine_jax.simulation.cbct.materials import ENERGIES_KEV, WATER_REFERENCE_PER_MM


def test_water_bone_and_metal_fill_the_voxel():
    hu = np.linspace(-1000, 3000, 401).astype(np.float32)
    metal = np.linspace(0, 1, 401).astype(np.float32)
    water, bone = materials.tissue_parts(hu, metal)
    whole = WATER_REFERENCE_PER_MM * (1 + hu / 1000)
    np.testing.assert_allclose(water + bone, whole * (1 - metal), atol=1e-7)
    share = materials.bone_share(hu)
    np.testing.assert_allclose(bone, share * whole * (1 - metal), atol=1e-7)


def test_bone_begins_at_100_and_is_all_at_1500():
    share = materials.bone_share(np.array([-500.0, 100, 450, 800, 1500, 2500]))
    np.testing.assert_allclose(share, [0, 0, 0.25, 0.5, 1, 1])


def test_hounsfield_units_there_and_back():
    hu = np.array([-1000.0, -100, 0, 1500])
    np.testing.assert_allclose(
        materials.to_hu(materials.attenuation_per_mm(hu)), hu, atol=1e-9
    )
    # Water at 70 keV: 0.1929 / cm.
    np.testing.assert_allclose(materials.attenuation_per_mm(0.0), 0.01929)


def test_metals_at_60_kev():
    at_60 = {name: curve[8] for name, curve in materials.METAL_PER_MM.items()}
    # 4.5 g/cm3 x 0.766 cm2/g, and 7.9 x 1.205, per mm.
    np.testing.assert_allclose(at_60["titanium"], 0.3447)
    np.testing.assert_allclose(at_60["steel"], 0.95195)
    assert at_60["steel"] < at_60["cobalt-chromium"] < 1.4 * at_60["steel"]


def test_tables_against_their_source(shared_data):
    lines = (shared_data / "attenuation.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines if line[:1].isdigit()]
    source = {float(row[0]): row[1:3] for row in rows}
    for energy, water, bone in zip(
        ENERGIES_KEV, materials.WATER_CM2_PER_G, materials.BONE_CM2_PER_G
    ):
        assert [float(figure) for figure in source[energy]] == [water, bone]


def test_spectrum_is_that_of_a_tube():
    signal = spectrum.tungsten_spectrum(120.0, 0.0)
    np.testing.assert_allclose(signal.sum(), 1.0)
    fluence = signal / ENERGIES_KEV
    mean = np.sum(fluence * ENERGIES_KEV) / fluence.sum()
    # A measured 120 kVp spectrum has a mean of 55 keV.
    assert 53.5 < mean < 56.5
    assert fluence.argmax() == 8  # 60 keV, the K lines


@pytest.mark.parametrize(
    ("softer", "harder"), [((90, 0), (110, 0)), ((90, 0), (90, 0.1))]
)
def test_voltage_and_filter_harden(softer, harder):
    def mean(tube):
        return np.sum(spectrum.tungsten_spectrum(*tube) * ENERGIES_KEV)

    assert mean(softer) + 1 < mean(harder)
    # Nothing above the voltage.
    above = spectrum.tungsten_spectrum(*softer)[ENERGIES_KEV > softer[0]]
    np.testing.assert_array_equal(above, 0)


def test_water_correction_undoes_water():
    signal = spectrum.tungsten_spectrum(100.0, 0.05)
    length = np.array([5.0, 50, 150, 300, 450])
    p = spectrum.water_line_integral(signal, length)
    powers = p[:, None] ** np.arange(1, 5)
    full = powers @ spectrum.water_correction(signal, 1.0)
    np.testing.assert_allclose(full / WATER_REFERENCE_PER_MM, length, rtol=4e-3)
    # Without it, long paths come out short and thin ones right.
    none = powers @ spectrum.water_correction(signal, 0.0)
    assert none[-1] < 0.9 * WATER_REFERENCE_PER_MM * 450
    np.testing.assert_allclose(none[0] / WATER_REFERENCE_PER_MM, 5.0, rtol=0.03)


def test_one_energy_needs_no_correction():
    signal = spectrum.one_energy(70.0)
    np.testing.assert_allclose(
        spectrum.water_line_integral(signal, np.array([100.0])), 1.929
    )
    coefficients = spectrum.water_correction(signal, 1.0)
    np.testing.assert_allclose(coefficients, [1, 0, 0, 0], atol=1e-6)
