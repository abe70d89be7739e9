"""Build a template of one's own from label maps.

`spine-jax template build -i MASK... -o TEMPLATE --level L3` averages every whole L3 of
the label maps. TEMPLATE is a mesh file (.ply, .obj); a .json with what `spine-jax fit
--template` needs and a _report.json go beside it. With several levels TEMPLATE is a
folder, which gets a template per level.
"""

import argparse
from pathlib import Path

HELP = "average template from label maps"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    build = actions.add_parser(
        "build",
        help=HELP,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = build.add_argument
    add(
        "-i",
        "--masks",
        type=Path,
        nargs="+",
        required=True,
        metavar="MASK",
        help="label maps, NIfTI, VerSe numbers",
    )
    add(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="TEMPLATE",
        help="mesh file to write, or a folder",
    )
    add("--level", nargs="+", default=["L3"], metavar="NAME", help="default: L3")
    add(
        "--modes",
        type=int,
        default=0,
        metavar="N",
        help="also store a shape model of up to N principal modes, _modes.npz",
    )
    add(
        "--vertices",
        type=int,
        metavar="N",
        help="remesh the mean evenly to about N vertices; by default it keeps the "
        "vertices and faces of our template, so landmarks stay valid",
    )
    add("--seed", type=int, default=0, help="same seed, same template")
    add("--device", choices=("cpu", "gpu"), help="default: what JAX finds")
    add("--overwrite", action="store_true", help="replace existing files")
    add("--quiet", action="store_true", help="say nothing but errors")


def run(arguments: argparse.Namespace) -> None:
    from spine_jax.cli.device import use_device

    use_device(arguments.device)
    from spine_jax.pipeline.template_build_files import TemplateRequest, build_to_files

    request = TemplateRequest(
        masks=tuple(arguments.masks),
        output=arguments.output,
        levels=tuple(arguments.level),
        modes=arguments.modes,
        vertices=arguments.vertices,
        seed=arguments.seed,
        overwrite=arguments.overwrite,
    )
    if arguments.quiet:
        build_to_files(request)
        return
    for average in build_to_files(request, _print_fitted).values():
        _print_template(average)
    print(f"written to {arguments.output}")


def _print_fitted(level: int, fitted) -> None:
    from spine_jax.core.labels import label_name

    print(
        f"{label_name(level):>4}  residual {fitted.mean_mm:.2f} mm (p95 "
        f"{fitted.p95_mm:.2f})  {fitted.source}",
        flush=True,
    )


def _print_template(average) -> None:
    name = average.template.name
    print(f"{name:>4}  mean of {len(average.used)} vertebrae")
    for other in average.left_out:
        print(f"{name:>4}  left out: {other.source}: {other.reason}")
    crossings = average.checks.self_intersections
    if crossings:
        print(f"{name:>4}  warning: {crossings} faces cross each other")
    if average.model is not None:
        shares = " ".join(f"{100 * share:.0f}" for share in average.model.explained)
        print(f"{name:>4}  modes explain {shares} % of the variance")
