"""Programs of the experiments: their flags, and errors as sentences."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
from absl import app, flags, logging
from ml_collections import config_flags

from experiments.harness.images import open_data
from spine_jax.core import InputError
from spine_jax.core.cache import user_cache_folder
from spine_jax.training.interrupt import Interrupted
from spine_jax.training.loop import Diverged


def run_on_data(work: Callable[..., Any], *, config: str) -> None:
    """Run a program that works on a data set, in a folder, as a config says.

    Defines --workdir, --data, --quiet and --config; further flags are the caller's.

    Args:
        work: Called as work(config, workdir, dataset, quiet=quiet).
        config: Which of `experiments/configs` it takes.
    """
    flags.DEFINE_string("workdir", None, "Folder for what is made.", required=True)
    flags.DEFINE_string("data", None, "Data set from `spine-jax dataset make`.")
    flags.DEFINE_bool("quiet", False, "No progress.")
    config_flags.DEFINE_config_file("config", f"experiments/configs/{config}.py")

    def main(argv: list[str]) -> None:
        del argv
        flag = flags.FLAGS

        def on_data() -> None:
            dataset = open_data(flag.config, flag.data and Path(flag.data))
            work(flag.config, Path(flag.workdir), dataset, quiet=flag.quiet)

        as_program(on_data)

    app.run(main)


def as_program(work: Callable[[], Any]) -> None:
    """Run what a command line asked for; errors become sentences and exit codes."""
    # Orbax tells of every file it writes.
    logging.set_verbosity(logging.WARNING)
    jax.config.update("jax_compilation_cache_dir", str(user_cache_folder() / "xla"))
    try:
        work()
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except Diverged as error:
        print(f"error[DIVERGED] {error}", file=sys.stderr)
        sys.exit(1)
    except Interrupted as stop:
        print(f"{stop}; the same command goes on", file=sys.stderr)
        sys.exit(stop.exit_code)
