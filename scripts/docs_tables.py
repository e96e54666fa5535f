"""The tables in the documents that are made from the code, or held to it.

`python scripts/docs_tables.py` writes those that are made: what stands between
`<!-- generated: NAME -->` and `<!-- end -->`. `check_docs.py` calls `faults()`.
"""

import ast
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from tidework.bus import catalogue
from tidework.bus.asyncapi import meaning
from tidework.composition import compose, make_store
from tidework.http.context import GUARDS, ROLES
from tidework.routing import framework
from tidework.settings import Settings, table
from tidework.transfer.csv_read import _HEADERS
from tidework.transfer.mapping import default_mapping

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "tidework"
ERRORS = ROOT / "docs" / "api" / "errors.md"

BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
ROW = re.compile(r"^\| `([a-z_]+)` \| (?:(\d{3}) \|)?", re.MULTILINE)
# Only commands meet what these raise.
NOT_OVER_HTTP = (
    "commands/",
    "cluster/",
    "transfer/",
    "store/sql/migrations/",
    "settings.py",
    "cli.py",
)


def settings_table() -> str:
    """Every setting, with its default, an example and its meaning."""
    examples = {one.name: one.metadata["about"].example for one in fields(Settings)}
    lines = ["| setting | default | example | meaning |", "|---|---|---|---|"]
    for row in table(Settings(), {}):
        example = examples[row.name.removeprefix("TIDEWORK_").lower()]
        default = f"`{row.default}`" if row.default else ""
        lines.append(f"| `{row.name}` | {default} | `{example}` | {row.meaning} |")
    return "\n".join(lines)


def roles_table() -> str:
    """Every operation of the API, with who may call it."""
    lines = [
        "| | anyone | logged in | member with the role | administrator |",
        "|---|:-:|:-:|---|:-:|",
    ]
    for path, method, handler in sorted(_operations(), key=lambda found: (found[0], found[1])):
        names = handler.parsed_fn_signature.parameters
        guard = next((name for name in GUARDS if name in names and name != "context"), "")
        cells = ["", "", "", ""]
        if guard in ROLES:
            cells[2] = guard
        else:
            cells[{"": 0, "caller": 1, "admin": 3}[guard]] = "x"
        lines.append(f"| `{method} {path}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _operations() -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in _application().routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in handler.http_methods - {"OPTIONS"}:
                path = re.sub(r"^/api/v1", "", route.path_format)
                yield path, method, handler


def words_table() -> str:
    """What the words of another tracker become, without a mapping file."""
    rules = default_mapping()
    lines = ["| | becomes | words |", "|---|---|---|"]
    for part in ("status", "resolution", "priority", "link"):
        becomes: dict[str, list[str]] = {}
        for word, to in getattr(rules, part).items():
            becomes.setdefault(to, []).append(word)
        lines += [f"| {part} | `{to}` | {', '.join(words)} |" for to, words in becomes.items()]
    return "\n".join(lines)


def columns_table() -> str:
    """Which headers of a CSV file are taken for which field."""
    lines = ["| field | headers |", "|---|---|"]
    lines += [f"| `{field}` | {headers} |" for field, headers in _HEADERS.items()]
    return "\n".join(lines)


def events_table() -> str:
    """Every type of event with what it says."""
    lines = ["| type | |", "|---|---|"]
    lines += [f"| `{kind}` | {meaning(kind)} |" for kind in sorted(set(catalogue.TYPES))]
    return "\n".join(lines)


def _application() -> Litestar:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        services = compose(settings, make_store(settings))
        services.passwords.close()
        return framework(services)


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "roles": roles_table,
    "words": words_table,
    "columns": columns_table,
    "events": events_table,
}


def generated(text: str) -> str:
    """`text` with each made table as the code has it now."""
    return BLOCK.sub(lambda m: f"{m[1]}{TABLES[m[2]]()}\n{m[3]}", text)


# --- codes of errors -----------------------------------------------------------------------------


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if not name.startswith(NOT_OVER_HTTP):
            yield name, ast.parse(path.read_text("utf-8"))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


class Classes:
    """The error classes: their statuses, by inheritance, and their own codes."""

    def __init__(self) -> None:
        self._bases: dict[str, list[str]] = {}
        self._statuses: dict[str, int] = {}
        self.codes: list[tuple[str, str]] = []
        for _, tree in _trees():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    self._add(node)

    def _add(self, node: ast.ClassDef) -> None:
        self._bases[node.name] = [_name(base) for base in node.bases]
        for part in node.body:
            if not isinstance(part, ast.Assign | ast.AnnAssign):
                continue
            target = part.targets[0] if isinstance(part, ast.Assign) else part.target
            value = part.value
            if _name(target) == "status" and isinstance(value, ast.Constant):
                self._statuses[node.name] = value.value
            if _name(target) == "code" and (code := _text(value)) is not None:
                self.codes.append((node.name, code))

    def status(self, name: str) -> int | None:
        """The status of a class, None for one that is no error."""
        if name in self._statuses:
            return self._statuses[name]
        found = (self.status(base) for base in self._bases.get(name, ()))
        return next((status for status in found if status is not None), None)


def codes() -> dict[str, set[int]]:
    """Each `code` that an answer can bear, with its statuses."""
    classes = Classes()
    found: dict[str, set[int]] = {}
    pairs = list(classes.codes)
    for _, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                given = next((k.value for k in node.keywords if k.arg == "code"), None)
                if (code := _text(given)) is not None:
                    pairs.append((_name(node.func), code))
    for name, code in pairs:
        status = classes.status(name)
        if status is not None:
            found.setdefault(code, set()).add(status)
    return found


def field_codes() -> set[str]:
    """Each `code` that an entry of `errors` can bear."""
    found = {"invalid"}
    for name, tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in ("invalid", "FieldError"):
                code = _text(node.args[1]) if len(node.args) > 1 else None
                found |= {code} - {None}
            is_rule = name == "http/problem.py" and isinstance(node, ast.Tuple)
            if is_rule and len(node.elts) > 1 and isinstance(node.elts[0], ast.Call):
                found |= {_text(node.elts[1])} - {None}
    return found


def code_faults() -> Iterator[str]:
    """Codes that the page on errors lacks, or has and nobody raises."""
    answers, _, entries = ERRORS.read_text("utf-8").partition("## Entries of `errors`")
    written = {code: status for code, status in ROW.findall(answers) if status}
    raised = codes()
    for code in sorted(raised.keys() - written.keys()):
        yield f"{code} can be answered, and is not explained"
    for code in sorted(written.keys() - raised.keys()):
        yield f"{code} is explained, and never answered"
    for code in sorted(raised.keys() & written.keys()):
        if int(written[code]) not in raised[code]:
            yield f"{code} has status {sorted(raised[code])}, not {written[code]}"
    explained = {code for code, _ in ROW.findall(entries)}
    for code in sorted(field_codes() ^ explained):
        yield f"{code}: what can stand in errors and what is explained there differ"


def faults() -> Iterator[tuple[Path, str]]:
    """What is wrong with the tables of all documents."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        text = path.read_text("utf-8")
        if generated(text) != text:
            yield path, "a generated table is out of date. Run: python scripts/docs_tables.py"
    for fault in code_faults():
        yield ERRORS, fault


def main() -> int:
    """Write every made table."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        text = path.read_text("utf-8")
        path.write_text(generated(text), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
