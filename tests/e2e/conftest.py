"""Commands of the product as processes of their own."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pytest
from tests.services.forks import NEW, zygote

DEADLINE = 60
ROBIN = ("users", "create", "--email", "robin@example.org", "--name", "Robin", "--json")


class Command(Protocol):
    """What the fixture `tidework` gives a test."""

    def __call__(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on the test's data folder, and wait for its end."""
        ...


def environment(data_dir: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIDEWORK_")}
    return kept | {"TIDEWORK_DATA_DIR": str(data_dir)} | dict(env or {})


def run_command(words: Sequence[str], env: Mapping[str, str], files: list[Path]) -> int:
    """Run a command with these files as its standard streams; its exit code."""
    flags = [os.O_RDONLY, NEW, NEW]
    return zygote().start(words, env, list(zip(files, flags, strict=True))).wait(DEADLINE)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def tidework(data_dir: Path, tmp_path: Path) -> Command:
    def run(
        *arguments: str | Path, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        files = [tmp_path / f"command.{name}" for name in ("in", "out", "err")]
        files[0].write_text(stdin, "utf-8")
        words = [str(argument) for argument in arguments]
        code = run_command(words, environment(data_dir, env), files)
        _, out, err = (file.read_text("utf-8") for file in files)
        return subprocess.CompletedProcess(words, code, out, err)

    return run


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty database, to be copied."""
    folder = tmp_path_factory.mktemp("migrated") / "data"
    files = [folder.parent / name for name in ("in", "out", "err")]
    files[0].touch()
    assert run_command(["migrate"], environment(folder), files) == 0, files[2].read_text()
    return folder


@pytest.fixture
def migrated(_migrated: Path, data_dir: Path) -> Path:
    """The test's data folder, with an empty database."""
    shutil.copytree(_migrated, data_dir)
    return data_dir


@pytest.fixture(scope="session")
def _with_robin(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("robin") / "data"
    shutil.copytree(_migrated, folder)
    files = [folder.parent / name for name in ("in", "out", "err")]
    files[0].touch()
    assert run_command(list(ROBIN), environment(folder), files) == 0, files[2].read_text()
    return folder, json.loads(files[1].read_text())["password"]


@pytest.fixture
def robin(_with_robin: tuple[Path, str], data_dir: Path) -> str:
    """The test's data folder has the administrator robin@example.org; their password."""
    folder, password = _with_robin
    shutil.copytree(folder, data_dir)
    return password
