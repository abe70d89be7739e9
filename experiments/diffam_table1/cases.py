"""Cases of the table: a CT, its vertebra mask, and its centroids."""

import dataclasses
from pathlib import Path

from spine_jax.io.cases import case_places, find_scans, first_match, scan_stem


@dataclasses.dataclass(frozen=True)
class CaseFiles:
    """One case. Centroids come from the mask where no centroid file is given."""

    name: str
    image: Path
    truth: Path
    centroids: Path


def find_cases(folder: Path) -> list[CaseFiles]:
    """Cases below a folder, as `io.cases.find_scans`, with their `*ctd.json`.

    Raises:
        InputError: when no CT with a mask is found.
    """
    cases = []
    for scan in find_scans(folder):
        image = scan.image
        assert image is not None, "find_scans gives scans with a CT"
        pattern = f"{scan_stem(image).removesuffix('.nii.gz')}*ctd.json"
        centroids = first_match(case_places(image), [pattern])
        cases.append(CaseFiles(scan.name, image, scan.labels, centroids or scan.labels))
    return cases
