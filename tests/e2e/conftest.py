"""Commands of the product as processes of their own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import pytest
from tests.services.processes import kill_tree

DEADLINE = 60
ROOT = Path(__file__).parents[2]
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


class Zygote:
    """See the module `zygote`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.zygote"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env=environment(Path("unused")),
        )  # fmt: skip
        self._reader = ThreadPoolExecutor(1)

    def run(self, arguments: list[str], env: Mapping[str, str], files: list[Path]) -> int:
        flags = [os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_TRUNC] * 2]
        streams = [(str(path), flag) for path, flag in zip(files, flags, strict=True)]
        request = {"arguments": arguments, "env": dict(env), "streams": streams}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._reader.submit(self._process.stdout.readline).result(DEADLINE))

    def close(self) -> None:
        kill_tree(self._process.pid)
        self._process.wait(10)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._reader.shutdown()


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    started = Zygote()
    yield started
    started.close()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def tidework(data_dir: Path, tmp_path: Path, zygote: Zygote) -> Command:
    def run(
        *arguments: str | Path, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        files = [tmp_path / f"command.{name}" for name in ("in", "out", "err")]
        files[0].write_text(stdin, "utf-8")
        words = [str(argument) for argument in arguments]
        code = zygote.run(words, environment(data_dir, env), files)
        _, out, err = (file.read_text("utf-8") for file in files)
        return subprocess.CompletedProcess(words, code, out, err)

    return run


@pytest.fixture(scope="session")
def _migrated(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty database, to be copied."""
    folder = tmp_path_factory.mktemp("migrated") / "data"
    files = [folder.parent / name for name in ("in", "out", "err")]
    files[0].touch()
    assert zygote.run(["migrate"], environment(folder), files) == 0, files[2].read_text()
    return folder


@pytest.fixture
def migrated(_migrated: Path, data_dir: Path) -> Path:
    """The test's data folder, with an empty database."""
    shutil.copytree(_migrated, data_dir)
    return data_dir


@pytest.fixture(scope="session")
def _with_robin(
    _migrated: Path, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("robin") / "data"
    shutil.copytree(_migrated, folder)
    files = [folder.parent / name for name in ("in", "out", "err")]
    files[0].touch()
    assert zygote.run(list(ROBIN), environment(folder), files) == 0, files[2].read_text()
    return folder, json.loads(files[1].read_text())["password"]


@pytest.fixture
def robin(_with_robin: tuple[Path, str], data_dir: Path) -> str:
    """The test's data folder has the administrator robin@example.org; their password."""
    folder, password = _with_robin
    shutil.copytree(folder, data_dir)
    return password
