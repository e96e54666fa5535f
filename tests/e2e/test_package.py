"""A package of the product: it has the web app in it, or it is not made."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from tests.modules.web.conftest import make_dist

ROOT = Path(__file__).parents[2]
DIST = "src/tidework/web/dist"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The sources as they are in the repository, without the app."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    ignored = shutil.ignore_patterns("dist", "__pycache__")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignored)
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "web_app_built.py", folder / "scripts")
    return folder


def build(clone: Path, target: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target],
        cwd=clone, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("target", ["wheel", "sdist"])
def test_no_package_without_the_app(clone: Path, target: str) -> None:
    done = build(clone, target)
    assert done.returncode != 0
    assert "The web app is not built. Run `make web`" in done.stderr
    assert not list(clone.glob("dist/*"))


def test_a_package_has_the_whole_app(clone: Path) -> None:
    made = make_dist(clone / DIST)
    expected = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    for target in ("wheel", "sdist"):
        done = build(clone, target)
        assert done.returncode == 0, done.stderr
    [wheel] = clone.glob("dist/*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    start = "tidework/web/dist/"
    assert {name.removeprefix(start) for name in names if name.startswith(start)} == expected
    [source] = clone.glob("dist/*.tar.gz")
    with tarfile.open(source) as packed_source:
        inside = {name.partition("/")[2] for name in packed_source.getnames()}
    # A wheel can be made of it again.
    assert {f"{DIST}/{name}" for name in expected} <= inside
    assert "scripts/web_app_built.py" in inside
