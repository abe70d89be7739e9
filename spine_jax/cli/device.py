"""Choose the device before JAX starts."""

import os


def use_device(name: str | None) -> None:
    """Pin the backend to `cpu` or `gpu`, and keep compiled programs between runs.

    None takes what JAX finds. An explicit choice never falls back.

    Raises:
        InputError: when a GPU is asked for and there is none.
    """
    # A fit needs a fraction of a GPU; JAX would otherwise take most of it at once.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    import jax

    from spine_jax.core import InputError
    from spine_jax.core.cache import user_cache_folder

    jax.config.update("jax_compilation_cache_dir", str(user_cache_folder() / "xla"))
    # Small programs too: there are dozens, and together they take seconds.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    if name == "cpu":
        jax.config.update("jax_platforms", "cpu")
    if name == "gpu":
        try:
            jax.config.update("jax_default_device", jax.devices("gpu")[0])
        except RuntimeError as error:
            raise InputError(
                "NO-GPU",
                "--device gpu",
                "JAX sees no GPU",
                "a GPU and a JAX built for it",
                'pip install "jax[cuda13]", or --device cpu',
            ) from error
