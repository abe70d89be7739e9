"""Make a data set for training: unpaired slices of CT and CBCT of different patients.

`dataset make` takes a folder of CTs with vertebra masks (VerSe's layout, or one folder
per case) or of label maps, gives each patient to the CTs or to the CBCTs and to
training or test, simulates the CBCTs, cuts both alike and writes memory-mapped slices
with an index.json, last. Run again it goes on where it stopped.
"""

import argparse
import sys
from pathlib import Path

HELP = "folder of CTs or label maps to a data set of CT and CBCT slices"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    make = actions.add_parser(
        "make",
        help="make a data set, or finish one",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = make.add_argument
    add("-i", "--input", type=Path, required=True, help="folder of cases")
    add("-o", "--output", type=Path, required=True, help="folder of the data set")
    add(
        "--from",
        dest="source",
        choices=("ct", "labels"),
        default="ct",
        help="labels: CTs are made up around the label maps",
    )
    add(
        "--cbct",
        type=Path,
        metavar="FOLDER",
        help="real CBCTs of other patients, in place of simulated ones",
    )
    add(
        "--preset",
        choices=("small", "carm"),
        default="small",
        help="carm: 256 x 256 pixels of 0.5 mm as in the paper; small: 128 x 128 of "
        "1 mm; slices 1 mm apart",
    )
    add("--seed", type=int, default=0, help="same seed and patients, same data set")
    add(
        "--test-share",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="of each domain's patients",
    )
    add(
        "--simulate-ct",
        action="store_true",
        help="CBCTs of the CT patients too, labelled: to train on simulations alone",
    )
    add(
        "--cbcts-per-patient",
        type=int,
        default=1,
        metavar="N",
        help="simulations of each CBCT patient, with other implants, centre and noise: "
        "more when patients are few",
    )
    add("--workers", type=int, help="scans at a time; default half of the cores")
    add("--device", choices=("cpu", "gpu"), help="default: what JAX finds")
    add("--overwrite", action="store_true", help="start again instead of going on")
    add("--quiet", action="store_true", help="say nothing but errors")


def run(arguments: argparse.Namespace) -> int:
    from spine_jax.cli.device import use_device

    use_device(arguments.device)
    from spine_jax.pipeline.dataset_make import DatasetRequest, make_dataset
    from spine_jax.training.interrupt import Interrupted

    request = DatasetRequest(
        folder=arguments.input,
        output=arguments.output,
        from_labels=arguments.source == "labels",
        cbct_folder=arguments.cbct,
        framing=arguments.preset,
        seed=arguments.seed,
        test_share=arguments.test_share,
        simulate_ct=arguments.simulate_ct,
        cbcts_per_patient=arguments.cbcts_per_patient,
        workers=arguments.workers,
        overwrite=arguments.overwrite,
        quiet=arguments.quiet,
    )
    try:
        summary = make_dataset(request)
    except Interrupted as stop:
        print(f"{stop}; the same command goes on", file=sys.stderr)
        return stop.exit_code
    if not arguments.quiet:
        for place, count in sorted(summary.slices.items()):
            print(f"{place:>10}: {summary.patients[place]} patients, {count} slices")
        for name in (*summary.left_out, *summary.failed):
            print(f"not in it: {name}")
        print(f"written to {arguments.output}")
    return 1 if summary.failed else 0
