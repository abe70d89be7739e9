"""Builds the C++ library with the system compiler, once, and hands it to XLA.

The library is kept in the user's cache under a name derived from everything it depends
on: the sources, the compiler and its flags, the processor, and jaxlib, whose headers
define the interface.
"""

import ctypes
import functools
import hashlib
import importlib.metadata
import logging
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import jax

SOURCES = Path(__file__).parent
FLAGS = (
    "-std=c++17",
    "-O3",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-Wno-psabi",
    "-fPIC",
    "-shared",
)
TARGETS = (
    "closest_point",
    "winding_number",
    "nearest_mesh",
    "convolution",
    "convolution_input_gradient",
    "convolution_kernel_gradient",
)
FOR_THIS_PROCESSOR = ("-march=native", "-mcpu=native")
"""The flag's name differs between architectures; the first one accepted is taken."""

_logger = logging.getLogger("spine_jax")


class BuildError(Exception):
    """Why there is no library, in a few words."""


@functools.cache
def native_available() -> bool:
    """Whether the native kernels can be called; builds them at the first question.

    Where they cannot be built, one line on standard error says so.
    """
    try:
        library = ctypes.cdll.LoadLibrary(str(built_library()))
    except (BuildError, OSError) as error:
        _logger.warning(
            "spine_jax: no fast CPU kernels (%s); the XLA kernels run instead, several "
            "times slower. Install g++ or clang++, or name a compiler in CXX.",
            error,
        )
        return False
    for target in TARGETS:
        handler = jax.ffi.pycapsule(getattr(library, f"spine_jax_{target}"))
        jax.ffi.register_ffi_target(f"spine_jax_{target}", handler, platform="cpu")
    return True


def built_library() -> Path:
    """Path of the shared library, compiled if no cache has it.

    Raises:
        BuildError: without a working compiler or a folder that can be written.
    """
    compiler = _find_compiler()
    name = f"kernels-{_digest(compiler)}.so"
    folders = [folder for folder in _cache_folders() if _is_ours(folder)]
    for folder in folders:
        if (folder / name).is_file():
            return folder / name
    for folder in folders:
        try:
            return _compile(compiler, folder / name)
        except OSError:
            continue
    raise BuildError("no cache folder can be written")


def _cache_folders() -> list[Path]:
    user = os.getuid() if hasattr(os, "getuid") else "cache"
    folders = [Path(tempfile.gettempdir()) / f"spine_jax-{user}"]
    try:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folders.insert(0, base / "spine_jax" / "native")
    except RuntimeError:
        pass  # a user without a home
    return folders


def _is_ours(folder: Path) -> bool:
    """Make the folder if need be; no library is run that another user put there."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()
    except OSError:
        return False


def _find_compiler() -> list[str]:
    """The command that CXX names, options included, or the first of the usual ones."""
    named = os.environ.get("CXX")
    candidates = [named] if named else ["c++", "g++", "clang++"]
    for candidate in candidates:
        words = shlex.split(candidate)
        if words and (path := shutil.which(words[0])):
            return [path, *words[1:]]
    raise BuildError(f"no C++ compiler found, looked for {', '.join(candidates)}")


def _digest(compiler: list[str]) -> str:
    """Name of everything the library depends on."""
    version = subprocess.run(
        [*compiler, "--version"], capture_output=True, text=True, check=False
    ).stdout
    parts = [
        *compiler,
        version,
        *FLAGS,
        importlib.metadata.version("jaxlib"),
        platform.machine(),
        _processor(),
    ]
    parts += [path.read_text() for path in sorted(SOURCES.glob("*.h"))]
    parts += [path.read_text() for path in sorted(SOURCES.glob("*.cc"))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _processor() -> str:
    """The instruction sets of this processor, where Linux lists them, or its name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    wanted = ("flags", "Features", "model name")
    return "\n".join(sorted({line for line in lines if line.startswith(wanted)}))


def _compile(compiler: list[str], target: Path) -> Path:
    """Compile to a temporary name and move it into place, so that a library is whole or
    absent, whoever else builds it at the same time."""
    include = ["-isystem", jax.ffi.include_dir()]
    source = str(SOURCES / "library.cc")
    handle, temporary = tempfile.mkstemp(suffix=".so", dir=target.parent)
    os.close(handle)
    _logger.info("spine_jax: compiling the CPU kernels once with %s", compiler[0])
    complaint = ""
    try:
        for processor in FOR_THIS_PROCESSOR:
            command = [*compiler, *FLAGS, processor, *include, source, "-o", temporary]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                with open(temporary, "rb") as library:
                    os.fsync(library.fileno())
                os.replace(temporary, target)
                return target
            complaint = complaint or done.stderr.strip()
    finally:
        Path(temporary).unlink(missing_ok=True)
    first_line = complaint.partition("\n")[0]
    raise BuildError(f"{Path(compiler[0]).name} failed: {first_line}")
