"""Arrays on disk of which only what is asked for is read."""

from pathlib import Path
from typing import Any

import numpy as np


class MappedArray:
    """A `.npy` file, indexed like an array; what comes out is in memory.

    The file is mapped anew for each access: a data set has more files than a process
    may hold open, and a pickled copy for another process stays a path.

    Attributes:
        path: Of the file.
        shape, dtype: Of the array.
    """

    def __init__(self, path: Path) -> None:
        """Read the header.

        Raises:
            OSError, ValueError: for a file that is missing, no `.npy`, or cut short.
        """
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        self.path = path
        self.shape: tuple[int, ...] = mapped.shape
        self.dtype: np.dtype = mapped.dtype
        self._offset: int = mapped.offset

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> np.ndarray:
        mapped = np.memmap(self.path, self.dtype, "r", self._offset, self.shape)
        return np.array(mapped[key])

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        del copy  # always one
        return self[...] if dtype is None else self[...].astype(dtype)
