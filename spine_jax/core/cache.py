"""Where a user's caches lie."""

import os
from pathlib import Path


def user_cache_folder() -> Path:
    """The package's folder in the user's cache; it need not exist.

    `kernels`, which may know no other room, names its own folder in it likewise.

    Raises:
        RuntimeError: for a user without a home, where XDG_CACHE_HOME is not set.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "spine_jax"
