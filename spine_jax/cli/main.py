"""`spine-jax`: one subcommand per job.

Standard output is for people, the JSON files are for machines. Exit codes: 0 done,
1 failed while running, 2 bad input or option, 130 / 143 interrupted (resumable).
"""

import argparse
import sys
import warnings

from spine_jax.cli import (
    centroids,
    dataset,
    demo,
    evaluate,
    fit,
    reconstruct,
    segment,
    simulate,
    template,
    translate,
    view,
)

COMMANDS = (
    fit,
    segment,
    translate,
    centroids,
    reconstruct,
    simulate,
    dataset,
    template,
    evaluate,
    view,
    demo,
)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; imports nothing heavy, so `--help` is instant."""
    parser = argparse.ArgumentParser(
        prog="spine-jax",
        description="Vertebrae from CT and cone-beam CT.",
    )
    parser.add_argument(
        "--debug", action="store_true", help="show the traceback of an error"
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        name = command.__name__.rsplit(".", 1)[-1]
        subparser = subparsers.add_parser(
            name,
            help=command.HELP,
            description=command.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    arguments = build_parser().parse_args(argv)
    warnings.showwarning = _show_warning
    try:
        return arguments.run(arguments) or 0
    except Exception as error:  # the one place where any failure becomes a sentence
        if arguments.debug:
            raise
        return _fail(error)


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    del filename, lineno, file, line
    if category is UserWarning:
        print(f"warning: {message}", file=sys.stderr)


def _fail(error: Exception) -> int:
    """Say what went wrong in one line; the exit code tells whose fault it was."""
    from spine_jax.core import InputError
    from spine_jax.training.interrupt import Interrupted

    if isinstance(error, InputError):
        print(error, file=sys.stderr)
        return 2
    if isinstance(error, Interrupted):
        print(f"{error}; go on with --resume", file=sys.stderr)
        return error.exit_code
    if "RESOURCE_EXHAUSTED" in str(error):
        print(
            f"error[MEMORY] the device ran out of memory ({error}). Try: --device cpu, "
            "or --vertebrae with fewer of them",
            file=sys.stderr,
        )
        return 1
    print(
        f"error[FAILED] {type(error).__name__}: {error}. Try: --debug to see where",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
