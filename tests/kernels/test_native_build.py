"""Building the native library: once, by anybody, anywhere, or not at all.

Most tests put a script in the place of the compiler that notes its calls and copies the
library of this session: what is asked is when it runs and where its output goes.
"""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest

from spine_jax.kernels.native import build
from tests.kernels.battery import needs_native

ASK = """
import numpy as np
from spine_jax.kernels.hierarchy import build_hierarchy
from spine_jax.kernels.winding_number import winding_number

vertices = np.eye(3, dtype=np.float32)
hierarchy = build_hierarchy(vertices, [[0, 1, 2]])
index = np.zeros(1, np.int32)

def ask(which):
    queries = np.zeros((1, 3)), index, vertices[None], hierarchy
    return float(winding_number(*queries, implementation=which)[0])

print("default", ask(None), ask(None))
try:
    print("native", ask("native"))
except ValueError as error:
    print("refused:", error)
"""
"""The unit vectors' triangle seen from the origin is an octant: winding number 1/8."""


@pytest.fixture(scope="module")
def library() -> Path:
    """The library of this session, from its own cache."""
    return build.built_library()


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """An empty cache folder and one for temporary files, used from here on."""
    cache, temporary = tmp_path / "cache", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return cache / "spine_jax" / "native", temporary


@pytest.fixture
def compiler(library, tmp_path, monkeypatch):
    """A stand-in for the compiler, and its list of output files."""
    calls, script = tmp_path / "calls", tmp_path / "compiler"
    calls.touch()
    script.write_text(
        "#!/bin/sh\n"
        'for last; do [ "$last" = --version ] && echo 1.0 && exit; done\n'
        f'echo "$last" >> {calls}\nsleep ${{SECONDS_TAKEN:-0}}\ncp {library} "$last"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("CXX", str(script))
    return calls


def started(**environment) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", ASK],
        env={**os.environ, "JAX_PLATFORMS": "cpu", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines_of(process) -> tuple[list[str], list[str]]:
    """Lines of standard output and of standard error of a process that succeeds."""
    output, error = process.communicate(timeout=100)
    assert process.returncode == 0, error
    return output.splitlines(), error.splitlines()


@pytest.mark.skipif(
    not shutil.which("c++") or "CXX" in os.environ, reason="needs the usual compiler"
)
def test_a_working_compiler_is_enough():
    # Else the tests of the native kernels would skip, and nobody would see why.
    assert build.native_available()


def test_an_installed_package_has_the_kernels_and_their_sources():
    root = Path(__file__).parents[2]
    settings = tomllib.loads((root / "pyproject.toml").read_text())["tool"][
        "setuptools"
    ]
    for package in (root / "kernels").rglob("__init__.py"):
        parts = package.parent.relative_to(root).parts
        assert ".".join(("spine_jax", *parts)) in settings["packages"]
    data = settings.get("package-data", {}).get("spine_jax.kernels.native", [])
    assert {"*.h", "*.cc"} <= set(data)


# Without a library


@pytest.mark.parametrize(
    "cxx, reason",
    [
        ("/nonexistent/c++", "no C++ compiler found, looked for /nonexistent/c++"),
        (shutil.which("false"), "false failed"),
    ],
)
def test_without_a_compiler_xla_answers_and_one_line_says_so(folders, cxx, reason):
    output, error = lines_of(started(CXX=cxx))
    assert len(error) == 1
    assert reason in error[0]
    assert "the XLA kernels run instead" in error[0] and "Install g++" in error[0]
    word, first, second = output[0].split()
    assert word == "default" and first == second
    assert float(first) == pytest.approx(1 / 8, abs=1e-6)
    assert output[1].startswith("refused: implementation 'native' could not be built")
    cache, temporary = folders
    assert not list(temporary.rglob("*.so")) and not list(cache.rglob("*.so"))


def test_a_compiler_that_cannot_make_libraries(folders, tmp_path, monkeypatch):
    script = tmp_path / "compiler"
    script.write_text(
        "#!/bin/sh\necho 'error: no such flag' >&2\necho more >&2\nexit 1\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("CXX", str(script))
    with pytest.raises(
        build.BuildError, match="^compiler failed: error: no such flag$"
    ):
        build.built_library()
    assert not list(tmp_path.rglob("*.so"))


# With one


@needs_native
def test_compiled_once_and_reused(folders, compiler):
    cache, temporary = folders
    path = build.built_library()
    assert path.parent == cache and path.is_file()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    made = path.stat().st_mtime_ns
    # Another process with the same cache.
    output, error = lines_of(started())
    assert output[1].startswith("native 0.12") and not error
    assert build.built_library() == path and path.stat().st_mtime_ns == made
    assert len(compiler.read_text().split()) == 1
    # Nothing is left beside it.
    assert list(cache.iterdir()) == [path] and not list(temporary.rglob("*.so"))


@needs_native
def test_two_processes_build_at_once(folders, compiler):
    cache, _ = folders
    slow = {"SECONDS_TAKEN": "2"}
    for process in [started(**slow), started(**slow)]:
        output, error = lines_of(process)
        assert output[1].startswith("native 0.12") and not error
    # Each wrote under a name of its own; one library is left.
    written = compiler.read_text().split()
    assert 1 <= len(written) == len(set(written)) <= 2
    assert len(list(cache.iterdir())) == 1


@needs_native
def test_what_it_depends_on_is_in_its_name(folders, compiler, monkeypatch):
    names = {build.built_library().name}
    for name, value in [
        ("FLAGS", (*build.FLAGS, "-DX")),
        ("_processor", lambda: "another one"),
    ]:
        with monkeypatch.context() as patch:
            patch.setattr(build, name, value)
            names.add(build.built_library().name)
    assert len(names) == 3


@needs_native
def test_a_flag_for_the_processor_is_found(folders, compiler, tmp_path):
    # The first name of the flag is refused here, as some compilers do.
    script = tmp_path / "compiler"
    text = script.read_text()
    refuse = 'for x; do [ "$x" = -march=native ] && exit 1; done\n'
    script.write_text(text.replace("#!/bin/sh\n", "#!/bin/sh\n" + refuse))
    assert build.built_library().is_file()
    assert len(compiler.read_text().split()) == 1


@needs_native
def test_a_cache_that_cannot_be_written(folders, compiler, monkeypatch, tmp_path):
    # A file where the folder should be: not even root can write there.
    blocked = tmp_path / "blocked"
    blocked.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    path = build.built_library()
    assert folders[1] in path.parents and path.is_file()
    assert build.built_library() == path
    assert len(compiler.read_text().split()) == 1
    monkeypatch.setattr(tempfile, "tempdir", str(blocked))
    with pytest.raises(build.BuildError, match="no cache folder can be written"):
        build.built_library()


@needs_native
@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_cache_that_must_not_be_written(folders, compiler, monkeypatch, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    monkeypatch.setenv("XDG_CACHE_HOME", str(closed))
    assert folders[1] in build.built_library().parents


@needs_native
def test_without_a_home(folders, compiler, monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert build.built_library().parent == folders[0]
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert folders[1] in build.built_library().parents


@needs_native
def test_an_empty_cache_variable_means_the_default(folders, compiler, monkeypatch):
    # As the XDG specification has it; never a folder where the program happens to run.
    home = folders[1] / "home"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.chdir(folders[1])
    assert build.built_library().parent == home / ".cache" / "spine_jax" / "native"


@needs_native
def test_a_broken_library_is_no_crash(folders, compiler):
    # A file cut short, by a full disk say: it is made anew, or XLA runs and says so.
    build.built_library().write_bytes(b"")
    output, error = lines_of(started())
    assert output[0].startswith("default 0.12")
    assert output[1].startswith("native 0.12") or len(error) == 1


@needs_native
@pytest.mark.skipif(os.getuid() != 0, reason="only root can make files of others")
def test_a_library_of_another_user_is_not_loaded(folders, compiler):
    # The temporary folder is everybody's: only a subfolder that is ours will do.
    name, shared = build.built_library().name, folders[1] / f"spine_jax-{os.getuid()}"
    (folders[0] / name).unlink()
    shared.mkdir(exist_ok=True)
    (shared / name).write_bytes(b"planted")
    os.chown(shared, 12345, 12345)
    assert build.built_library() == folders[0] / name


@needs_native
def test_a_compiler_with_options(folders, compiler, monkeypatch):
    monkeypatch.setenv("CXX", f"{os.environ['CXX']} -DX")
    assert build.built_library().is_file()
