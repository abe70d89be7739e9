"""The import rule of the README's layer map, read off the source by ast.

Modules named bench*.py are scripts that lie beside what they time: they may import any
room, and only each other may import them.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# A room may import the rooms listed here, and itself.
ALLOWED = {
    "kernels": set(),
    "core": set(),
    "io": {"core"},
    "geometry": {"core", "kernels"},
    "anatomy": {"core", "geometry", "kernels"},
    "metrics": {"core", "geometry", "kernels"},
    "training": {"core"},
    "simulation": {"core", "geometry", "kernels", "anatomy"},
    "data": {"core", "io", "geometry", "kernels", "anatomy", "simulation"},
    "layers": {"core", "kernels"},
    "disentangle": {"core", "layers", "training"},
    "baselines": {"core", "layers", "training"},
    "fitting": {"core", "geometry", "kernels", "anatomy", "training"},
    "pipeline": {
        "core",
        "io",
        "geometry",
        "kernels",
        "anatomy",
        "metrics",
        "training",
        "simulation",
        "data",
        "layers",
        "disentangle",
        "fitting",
    },
    "cli": {"core", "pipeline", "metrics", "training"},
}

# Libraries that are the business of few files.
CONFINED = {
    "nibabel": "spine_jax/io/",
    "trimesh": "spine_jax/io/",
    "grain": "spine_jax/data/stream.py",
    "orbax": "spine_jax/training/checkpoint.py",
    "ml_collections": "experiments/",
    "matplotlib": ("spine_jax/pipeline/", "experiments/"),
    "rich": ("spine_jax/pipeline/", "spine_jax/metrics/report.py", "experiments/"),
}


def _sources() -> list[Path]:
    folders = ("kernels", "spine_jax", "experiments")
    return sorted(p for folder in folders for p in (ROOT / folder).rglob("*.py"))


def _room(path: Path) -> str | None:
    parts = path.relative_to(ROOT).parts
    if parts[0] == "kernels":
        return "kernels"
    return parts[1] if parts[0] == "spine_jax" and len(parts) > 2 else None


def _is_bench(path: Path) -> bool:
    return path.stem.startswith("bench")


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_import_only_what_they_may(path):
    room = _room(path)
    if room is None or _is_bench(path):
        return
    for name in _imports(path):
        if not name.startswith("spine_jax."):
            continue
        target = name.split(".")[1]
        assert target == room or target in ALLOWED[room], f"{path} imports {name}"


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_only_benchmarks_import_benchmarks(path):
    if _is_bench(path):
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            modules = [getattr(node, "module", None) or "", *names]
            parts = [part for module in modules for part in module.split(".")]
            assert not any(part.startswith("bench") for part in parts), path


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_libraries_stay_where_they_belong(path):
    relative = str(path.relative_to(ROOT))
    for name in _imports(path):
        homes = CONFINED.get(name.split(".")[0], ())
        homes = (homes,) if isinstance(homes, str) else homes
        assert not homes or relative.startswith(homes), f"{path} imports {name}"


def test_every_room_has_its_rule():
    rooms = {
        p.name
        for p in (ROOT / "spine_jax").iterdir()
        if p.is_dir() and p.name != "__pycache__"
    }
    assert rooms == set(ALLOWED) - {"kernels"}


def test_command_line_starts_without_heavy_imports():
    import subprocess
    import sys

    code = (
        "import sys; from spine_jax.cli.main import build_parser; build_parser();"
        "heavy = {'jax', 'numpy', 'nibabel', 'matplotlib'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
