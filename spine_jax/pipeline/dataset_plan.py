"""Which scan of whom becomes what in a data set: decided once, before any work."""

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from spine_jax.core import InputError
from spine_jax.data.labelled import check_lumbar
from spine_jax.data.store import Domain, Split
from spine_jax.io.cases import ScanFiles, find_images, find_label_maps, find_scans
from spine_jax.io.nifti import load_labels
from spine_jax.pipeline.case_progress import case_progress
from spine_jax.pipeline.simulate_files import case_seed


@dataclasses.dataclass(frozen=True)
class PlannedScan:
    """A scan and its place in a data set.

    Attributes:
        name: Unique in the data set.
        patient: In one domain and one split only.
        domain, split: Where it goes.
        seed: Of everything drawn for it.
        image: CT or real CBCT; None where a CT is made from the labels.
        labels: None for a real CBCT.
    """

    name: str
    patient: str
    domain: Domain
    split: Split
    seed: int
    image: Path | None
    labels: Path | None


@dataclasses.dataclass(frozen=True)
class Plan:
    """The scans of a data set, and those that cannot be in it with the reason."""

    scans: tuple[PlannedScan, ...]
    left_out: tuple[tuple[str, str], ...]


def make_plan(
    folder: Path,
    *,
    from_labels: bool,
    cbct_folder: Path | None,
    seed: int,
    test_share: float,
    simulate_ct: bool = False,
    cbcts_per_patient: int = 1,
    quiet: bool = True,
) -> Plan:
    """Look at the cases of a folder and give each patient a domain and a split.

    Args:
        folder: CTs with masks, or label maps.
        from_labels: Whether only the label maps count.
        cbct_folder: Real CBCTs without labels; then none is simulated, and every
            patient of `folder` is a CT patient.
        seed: With the names of the patients it decides everything.
        test_share: Share of each domain's patients that is held out.
        simulate_ct: Whether the CTs for training become CBCTs too, besides.
        cbcts_per_patient: Simulations of each CBCT patient, each with a centre,
            implants and noise of its own.
        quiet: No progress.

    Raises:
        InputError: for a folder without usable cases, too few patients, a patient who
            is in both folders, a share that is none, or a number of simulations that
            makes no sense.
    """
    if not 0 <= test_share < 1:
        raise InputError(
            "TEST-SHARE", "--test-share", f"{test_share}", "from 0 to below 1", "0.2"
        )
    _check_repeats(cbcts_per_patient, cbct_folder)
    found = find_label_maps(folder) if from_labels else find_scans(folder)
    real = find_images(cbct_folder) if cbct_folder else []
    usable, left_out = _usable(found, quiet=quiet)
    patients = {scan.patient for scan in usable}
    if cbct_folder:
        real_patients = {patient for _, patient, _ in real}
        _check_apart(patients, real_patients, cbct_folder)
        places = split_domain(patients, "ct", seed, test_share)
        places |= split_domain(real_patients, "cbct", seed, test_share)
    else:
        places = split_patients(patients, seed, test_share)
    scans = [
        PlannedScan(
            scan.name,
            scan.patient,
            *places[scan.patient],
            case_seed(seed, scan.name),
            scan.image,
            scan.labels,
        )
        for scan in usable
    ]
    scans += [
        _again(scan, number, seed)
        for scan in scans
        if scan.domain == "cbct"
        for number in range(2, cbcts_per_patient + 1)
    ]
    if simulate_ct:
        scans += [_simulated(scan) for scan in scans if _trains_on_ct(scan)]
    scans += [
        PlannedScan(
            f"cbct_{name}", patient, *places[patient], case_seed(seed, name), path, None
        )
        for name, patient, path in real
    ]
    _check_both_domains(scans, folder)
    return Plan(tuple(scans), tuple(left_out))


def _trains_on_ct(scan: PlannedScan) -> bool:
    return (scan.domain, scan.split) == ("ct", "train")


def _simulated(scan: PlannedScan) -> PlannedScan:
    name = f"simulated_{scan.name}"
    return dataclasses.replace(scan, name=name, domain="simulated")


def _again(scan: PlannedScan, number: int, seed: int) -> PlannedScan:
    """The same patient in the C-arm another time."""
    name = f"{scan.name}_scan{number}"
    return dataclasses.replace(scan, name=name, seed=case_seed(seed, name))


def split_patients(
    patients: Iterable[str], seed: int, test_share: float
) -> dict[str, tuple[Domain, Split]]:
    """Half of the patients for each domain, an odd one for the CTs."""
    ordered = _shuffled(patients, seed)
    half = len(ordered) // 2
    return split_domain(ordered[:half], "cbct", seed, test_share) | split_domain(
        ordered[half:], "ct", seed, test_share
    )


def split_domain(
    patients: Iterable[str], domain: Domain, seed: int, test_share: float
) -> dict[str, tuple[Domain, Split]]:
    """Held-out and training patients of a domain; one of them at least trains, and one
    at least is held out where there are two and the share is not 0."""
    ordered = _shuffled(patients, seed)
    count = round(test_share * len(ordered))
    if test_share > 0 and len(ordered) > 1:
        count = min(max(count, 1), len(ordered) - 1)
    else:
        count = 0
    return {
        patient: (domain, "test" if rank < count else "train")
        for rank, patient in enumerate(ordered)
    }


def _shuffled(patients: Iterable[str], seed: int) -> list[str]:
    """In an order that follows from the seed and the names."""

    def key(patient: str) -> bytes:
        return hashlib.sha256(f"{seed}:{patient}".encode()).digest()

    return sorted(set(patients), key=key)


def _usable(
    scans: Sequence[ScanFiles], *, quiet: bool
) -> tuple[list[ScanFiles], list[tuple[str, str]]]:
    """Scans with lumbar vertebrae, and why others are left out."""
    usable, left_out = [], []
    with case_progress("labels", len(scans), quiet=quiet) as show:
        for scan in scans:
            try:
                check_lumbar(load_labels(scan.labels))
            except InputError as error:
                left_out.append((scan.name, str(error)))
                show(scan.name, "left out", str(error))
            else:
                usable.append(scan)
                show(scan.name, "usable", None)
    return usable, left_out


def _check_repeats(cbcts_per_patient: int, cbct_folder: Path | None) -> None:
    if cbcts_per_patient < 1:
        raise InputError(
            "CBCTS-PER-PATIENT",
            "--cbcts-per-patient",
            f"{cbcts_per_patient}",
            "at least 1",
            "3, when there are few patients",
        )
    if cbct_folder and cbcts_per_patient > 1:
        raise InputError(
            "CBCTS-PER-PATIENT",
            "--cbcts-per-patient",
            f"{cbcts_per_patient} beside real CBCTs, which are not simulated",
            "one of --cbct and --cbcts-per-patient",
            "leaving it out",
        )


def _check_apart(patients: set[str], others: set[str], folder: Path) -> None:
    if both := sorted(patients & others):
        raise InputError(
            "PATIENT-OVERLAP",
            folder,
            f"{', '.join(both[:5])} in both folders",
            "CT and CBCT of different patients",
            "taking them out of one of the folders",
        )


def _check_both_domains(scans: Sequence[PlannedScan], folder: Path) -> None:
    domains = {scan.domain for scan in scans if scan.split == "train"}
    if not domains >= {"ct", "cbct"}:
        raise InputError(
            "FEW-PATIENTS",
            folder,
            f"{len({scan.patient for scan in scans})} patients with lumbar labels",
            "at least two: one for the CTs, one for the CBCTs",
            "a folder with more cases",
        )
