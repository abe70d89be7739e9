"""Draws what each effect of the CBCT simulation does to the same axial slice.

Usage: `python -m experiments.cbct_effects [--labels MAP.nii.gz] [--real FOLDER]
[--out PICTURE.png]`

Without a label map a phantom is scanned. With a folder of real slices with screws
(`*.npy`, HU), a second picture `PICTURE_real.png` shows them beside simulated ones, and
distances of grey values and of power spectra are printed.
"""

import argparse
import dataclasses
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from scipy import ndimage
from scipy.stats import wasserstein_distance

from spine_jax.core import LabelVolume, Volume
from spine_jax.io.nifti import load_labels
from spine_jax.simulation.cbct import (
    PRESETS,
    CArm,
    CbctConfig,
    Implant,
    Physics,
    scan_patient,
)
from spine_jax.simulation.cbct.implants import metal_shares
from spine_jax.simulation.cbct.pedicles import Pedicle, find_pedicles
from spine_jax.simulation.cbct.placement import Placement, patient_hu, place_patient
from spine_jax.simulation.cbct.projector import grid_within
from spine_jax.simulation.label_ct import ct_from_labels
from spine_jax.simulation.phantom import lumbar_phantom

FIGURE = Path(__file__).parent / "figures" / "cbct_effects.png"
WINDOW_HU = -350.0, 650.0
# Around the metal, so much of a real slice's side shows what a C-arm would.
REAL_SHARE = 0.55
SEED = 0
GRID = grid_within([-64.0, -64.0, -1.0], [64.0, 64.0, 1.0], 1.0)
# A thin fan: only the slice through the isocentre is looked at.
WIDE = CArm(pixel_mm=1.8, arc_deg=360.0, n_views=240, n_columns=384, n_rows=8)
IDEAL = dataclasses.replace(PRESETS["ideal"], carm=WIDE, body_spacing_mm=1.0)
ALIASED = dataclasses.replace(WIDE, arc_deg=190.0, n_views=100, start_deg=-5.0)
NARROW = dataclasses.replace(WIDE, n_columns=128)
REAL_CARM = dataclasses.replace(ALIASED, n_columns=128)
EVERYTHING = Physics(
    tube_kv=100.0,
    copper_mm=0.05,
    scatter_ratio=1.0,
    glare=0.07,
    blur_px=0.35,
    photons=2e5,
    electronic_photons=5.0,
    gain_spread=0.002,
    water_correction=0.9,
    jitter_mm=0.1,
    jitter_deg=0.05,
    sag_mm=0.2,
)


@dataclasses.dataclass(frozen=True)
class Panel:
    """One picture: what it shows and how it is made."""

    title: str
    config: CbctConfig
    physics: Physics
    screws: bool = False


def panels() -> list[Panel]:
    """The panels in order of the figure."""

    def with_carm(carm: CArm, **changes) -> CbctConfig:
        return dataclasses.replace(IDEAL, carm=carm, **changes)

    tube = Physics(tube_kv=100.0, copper_mm=0.05)
    uncorrected = dataclasses.replace(tube, water_correction=0.0)
    noisy = Physics(photons=2e5, electronic_photons=5.0)
    device = with_carm(REAL_CARM, apodisation="shepp-logan", extrapolate=True)
    return [
        Panel("ideal: 240 views, full circle, no physics", IDEAL, Physics()),
        Panel("beam hardening, uncorrected", IDEAL, uncorrected),
        Panel("scatter, ratio 1", IDEAL, Physics(scatter_ratio=1.0)),
        Panel("noise, 2e5 photons per 1.8 mm pixel", IDEAL, noisy),
        Panel("two screws, 100 kV, water corrected", IDEAL, tube, screws=True),
        Panel("100 views over 190 degrees", with_carm(ALIASED), Physics()),
        Panel("truncated rows, not continued", with_carm(NARROW), Physics()),
        Panel("everything", device, EVERYTHING, screws=True),
    ]


@dataclasses.dataclass(frozen=True)
class Patient:
    """A CT placed with a pair of pedicles in the plane of the source."""

    ct: Volume
    placement: Placement
    screws: tuple[Implant, ...]

    def slice_hu(self, panel: Panel) -> np.ndarray:
        """The middle slice of a panel's scan, [X, Y]."""
        image = scan_patient(
            self.ct,
            self.placement,
            self.screws if panel.screws else (),
            panel.physics,
            SEED,
            panel.config,
            GRID,
        )
        return image[:, :, 0]

    def ct_slice_hu(self) -> np.ndarray:
        """The CT there, [X, Y], with metal as CT scanners cut it off."""
        hu = patient_hu(self.ct, GRID, self.placement)
        metal = metal_shares(self.screws, ("titanium",), GRID)[0]
        return (hu + metal * (3071.0 - hu))[:, :, 0]


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Draws what each effect of the CBCT simulation does."
    )
    parser.add_argument("--labels", type=Path)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--out", type=Path, default=FIGURE)
    options = parser.parse_args()
    patient = place(*load(options.labels))
    shown = [(panel.title, patient.slice_hu(panel)) for panel in panels()]
    draw(options.out, shown, 4, "HU")
    if options.real:
        everything = shown[-1][1]
        before = patient.ct_slice_hu()
        real = [np.load(path) for path in sorted(options.real.glob("*.npy"))]
        compare(options.out, real, before, everything)


def load(path: Path | None) -> tuple[Volume, LabelVolume]:
    """CT and labels: a phantom, or made up around a label map."""
    if path is None:
        phantom = lumbar_phantom(SEED)
        return phantom.volume, phantom.labels
    labels = load_labels(path)
    return ct_from_labels(labels, SEED), labels


def place(ct: Volume, labels: LabelVolume) -> Patient:
    """Stand the C-arm so that the screws of one vertebra lie in the middle slice."""
    placement = place_patient(np.random.default_rng(SEED), labels, 0.0, 0.0)
    pedicles = find_pedicles(labels, placement)
    middle = min(range(0, len(pedicles), 2), key=lambda i: height(pedicles[i]))
    pair = pedicles[middle : middle + 2]
    screws = [part for pedicle in pair for part in screw(pedicle)]
    ends = np.array([s.end_mm + s.start_mm for s in screws if s.kind == "screw"])
    shift = np.array([0.0, 0.0, ends[:, 2].mean() / 2])
    to_world = placement.carm_to_world.copy()
    to_world[:3, 3] += to_world[:3, :3] @ shift
    moved = [
        dataclasses.replace(s, start_mm=s.start_mm - shift, end_mm=s.end_mm - shift)
        for s in screws
    ]
    placed = dataclasses.replace(placement, carm_to_world=to_world)
    return Patient(ct, placed, tuple(moved))


def height(pedicle: Pedicle) -> float:
    """Distance from the plane of the source."""
    return abs(float(pedicle.centre_mm[2]))


def screw(pedicle: Pedicle) -> list[Implant]:
    """A screw of 6 x 45 mm and its head, straight along the slice."""
    way = pedicle.forwards * [1.0, 1.0, 0.0]
    way /= np.linalg.norm(way)
    entry = pedicle.centre_mm - pedicle.entry_mm * way
    return [
        Implant("screw", "titanium", entry, entry + 45.0 * way, 3.0, pedicle.label),
        Implant("tulip", "titanium", entry - 15.0 * way, entry, 6.0, pedicle.label),
    ]


def draw(
    path: Path, shown: list[tuple[str, np.ndarray]], columns: int, unit: str
) -> None:
    """Slices in a grid of panels, front of the patient up, seen from the feet.

    The window of those in HU is laid around each one's median: scatter and truncation
    shift it by hundreds.
    """
    rows = -(-len(shown) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.4 * columns, 3.6 * rows))
    for axis, (title, image) in zip(axes.ravel(), shown):
        low, high = (0.0, 1.0)
        if unit == "HU":
            low, high = np.median(image[disc(image)]) + WINDOW_HU
        axis.imshow(image.T[::-1, ::-1], cmap="gray", vmin=low, vmax=high)
        axis.set_title(title, fontsize=9)
    for axis in axes.ravel():
        axis.set_axis_off()
    figure.tight_layout(pad=0.4)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def compare(
    path: Path, real: list[np.ndarray], before: np.ndarray, after: np.ndarray
) -> None:
    """Real slices beside simulated ones; distances to all of the real ones."""
    reals = [scaled(around_metal(np.rot90(image.astype(float), -1))) for image in real]
    simulated = {"CT, metal cut off": scaled(before), "simulated CBCT": scaled(after)}
    shown = [(f"real {i + 1}", image) for i, image in enumerate(reals)]
    draw(
        path.with_name(f"{path.stem}_real{path.suffix}"),
        shown + list(simulated.items()),
        len(shown) + 2,
        "scaled",
    )
    for name, image in simulated.items():
        grey = np.mean([grey_distance(image, other) for other in reals])
        power = np.mean([power_distance(image, other) for other in reals])
        print(f"{name}: grey values {grey:.3f}, log power {power:.2f}")


def around_metal(image: np.ndarray) -> np.ndarray:
    """The part of a slice around its metal, square."""
    side = int(REAL_SHARE * image.shape[0])
    middle = np.argwhere(image > 2500).mean(axis=0)
    # Heads lie behind the middle of the spine, which a C-arm aims at.
    i, j = np.clip(middle - side / 2 + [0, side / 8], 0, image.shape[0] - side)
    return image[int(i) : int(i) + side, int(j) : int(j) + side]


def scaled(image: np.ndarray) -> np.ndarray:
    """An image of 128 x 128 with the percentiles 5 and 90 of its disc at 0 and 1."""
    side = min(image.shape)
    if side != 128:
        image = np.asarray(ndimage.zoom(image, 128 / side, order=1))
    low, high = np.percentile(image[disc(image)], (5, 90))
    return (image - low) / (high - low)


def disc(image: np.ndarray) -> np.ndarray:
    """The largest disc less its rim, bool."""
    i, j = np.indices(image.shape) - (np.array(image.shape)[:, None, None] - 1) / 2
    return np.hypot(i, j) < 0.45 * min(image.shape)


def grey_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Earth mover's distance of the grey values in the disc, cut off at 0 and 1."""
    values = (np.clip(image[disc(image)], 0, 1) for image in (one, other))
    return float(wasserstein_distance(*values))


def power_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Mean difference of the decadic logarithms of the radial power spectra."""
    return float(np.mean(np.abs(radial_power(one) - radial_power(other))))


def radial_power(image: np.ndarray) -> np.ndarray:
    """Logarithm of the power by frequency, 1 to half the side."""
    n = image.shape[0]
    taper = np.outer(np.hanning(n), np.hanning(n))
    clipped = np.clip(image, 0, 1)
    power = np.abs(np.fft.fft2((clipped - clipped.mean()) * taper)) ** 2
    frequency = np.fft.fftfreq(n, 1 / n)
    radius = np.rint(np.hypot(frequency[:, None], frequency[None, :])).astype(int)
    total = np.bincount(radius.ravel(), power.ravel())
    count = np.bincount(radius.ravel())
    return np.log10(total[1 : n // 2] / count[1 : n // 2])


if __name__ == "__main__":
    main()
