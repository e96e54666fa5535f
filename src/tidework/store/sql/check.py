"""`python -m tidework.store.sql.check`: every query keeps to its streams, and none hides as text.

Imports every module that makes statements, makes those that take arguments (functions of booleans in
all ways, others as the module's `examples()` does), and compiles them, which none does that reads a
stream's table without naming the stream. Then looks through the source for SQL on our tables that
is written as text, where nothing could check it. Prints what it finds and exits 1.
"""

import ast
import importlib
import inspect
import itertools
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import tidework
from tidework.store.sql.schema import metadata
from tidework.store.sql.statement import DIALECTS, Statement, StreamlessQuery

_TABLES = "|".join(sorted(metadata.tables))
_STARTS = re.compile(r"\s*(select|insert|update|delete|with|replace|merge|truncate)\b", re.I)
_NAMES = re.compile(rf'\b(from|join|into|update|table)\s+"?({_TABLES})\b', re.I)
_RAW = {"text", "exec_driver_sql"}


def main() -> int:
    """Check the installed package; the exit code."""
    root = Path(tidework.__file__).parent
    found = [*check_modules(tidework), *check_sources(root)]
    for problem in found:
        print(problem)
    return 1 if found else 0


def check_modules(package: ModuleType) -> Iterator[str]:
    """What is wrong with the statements that the modules below `package` make."""
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if info.name.endswith("__main__") or ".migrations." in info.name:
            continue
        try:
            module = importlib.import_module(info.name)
            for statement in statements_of(module):
                for dialect in DIALECTS:
                    statement.compiled(dialect)
        except StreamlessQuery as error:
            yield f"{info.name}: {error}"
        except MissingExamples as error:
            yield f"{info.name}: {error}"


class MissingExamples(Exception):
    """A function that makes statements has never been called."""


def statements_of(module: ModuleType) -> Iterator[Statement]:
    """The statements of a module, those that its functions make included.

    Raises `MissingExamples` for a function whose arguments nobody gives.
    """
    for value in list(vars(module).values()):
        if isinstance(value, Statement):
            yield value
        elif isinstance(value, dict):
            yield from (part for part in value.values() if isinstance(part, Statement))
    makers = [
        value
        for value in vars(module).values()
        if hasattr(value, "cache_info") and _makes_statements(value, module)
    ]
    for maker in makers:
        yield from _in_all_ways(maker)
    examples = getattr(module, "examples", None)
    if inspect.isfunction(examples):
        yield from examples()
    for maker in makers:
        if maker.cache_info().currsize == 0:
            raise MissingExamples(
                f"nobody calls {maker.__name__}() in a check; let examples() yield its statements"
            )


def _makes_statements(function: Any, module: ModuleType) -> bool:
    made = inspect.signature(function).return_annotation
    return function.__module__ == module.__name__ and made in (Statement, "Statement")


def _in_all_ways(maker: Callable[..., Statement]) -> Iterator[Statement]:
    parameters = inspect.signature(maker).parameters.values()
    if all(parameter.annotation in (bool, "bool") for parameter in parameters):
        names = [parameter.name for parameter in parameters]
        for values in itertools.product((False, True), repeat=len(names)):
            yield maker(**dict(zip(names, values, strict=True)))


def check_sources(root: Path) -> Iterator[str]:
    """SQL as text in the Python files below `root`, except in the store itself."""
    for path in sorted(root.rglob("*.py")):
        if "store" in path.relative_to(root).parts[:1]:
            continue
        tree = ast.parse(path.read_text("utf-8"), str(path))
        for line, what in sorted(_text_in(tree)):
            yield f"{path}:{line}: {what}"


def _text_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            raw = [alias.name for alias in node.names if alias.name in _RAW]
            if raw:
                yield node.lineno, f"imports {', '.join(raw)}: build the query with SQLAlchemy Core"
        elif isinstance(node, ast.Attribute) and node.attr in _RAW:
            if isinstance(node.value, ast.Name) and node.value.id in ("sqlalchemy", "sa"):
                yield node.lineno, f"uses {node.attr}: build the query with SQLAlchemy Core"
        elif isinstance(node, ast.Constant | ast.JoinedStr):
            table = _named_in(_literal(node))
            if table:
                yield node.lineno, f"SQL text on {table}: make it a Statement"


def _literal(node: ast.Constant | ast.JoinedStr) -> str:
    parts: Iterable[Any] = node.values if isinstance(node, ast.JoinedStr) else (node,)
    values = (part.value for part in parts if isinstance(part, ast.Constant))
    return "".join(value for value in values if isinstance(value, str))


def _named_in(text: str) -> str | None:
    """The table of ours that SQL text names; None for any other text."""
    match = _NAMES.search(text) if _STARTS.match(text) else None
    # "Select a task from tasks ..." is prose: SQL is written in one case.
    if match is None or not (text.lstrip()[:6].islower() or text.lstrip()[:4].isupper()):
        return None
    return match[2]


if __name__ == "__main__":
    sys.exit(main())
