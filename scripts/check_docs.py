"""Prove that the documents name what exists.

Checked in every Markdown file of the repository: relative links and their anchors, `make` targets,
`tidework` settings, the headings that each page in docs/decisions/ must have, and the tables that
are made from the code or list its codes (`docs_tables.py`). Prints one line per fault and exits 1
when there is any.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import docs_tables

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ROOT / "src" / "tidework" / "settings.py"
DECISIONS = ROOT / "docs" / "decisions"
DECISION_HEADINGS = ("context", "choice", "consequences")
SKIPPED_FOLDERS = {"node_modules", "var", "build", "dist"}

FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(
    r"(?<!!)\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)|!\[[^\]]*\]\(([^)\s]+)"
)
REFERENCE = re.compile(r"^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
CODE_SPAN = re.compile(r"`([^`\n]+)`")
MAKE = re.compile(r"(?:^|[\s&;|])make(?:\s+[A-Z_]+=\S+)*\s+([a-z][a-z-]*)")
SETTING = re.compile(r"\bTIDEWORK_[A-Z0-9_]+\b")


def documents() -> Iterator[Path]:
    """Every Markdown file, without those of tools and dependencies."""
    for path in sorted(ROOT.rglob("*.md")):
        folders = path.relative_to(ROOT).parts[:-1]
        if not any(name.startswith(".") or name in SKIPPED_FOLDERS for name in folders):
            yield path


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        unique, n = slug, 0
        while unique in found:
            n += 1
            unique = f"{slug}-{n}"
        found.add(unique)
    return found


def bad_links(path: Path, text: str) -> Iterator[str]:
    """Relative links whose file or anchor is not there."""
    prose = CODE_SPAN.sub("", FENCE.sub("", text))
    targets = [one or other for one, other in LINK.findall(prose)] + REFERENCE.findall(prose)
    for target in targets:
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (ROOT / name.lstrip("/") if name.startswith("/") else path.parent / name).resolve()
        if name and not there.exists():
            yield f"link to {target}: no such file"
            continue
        page = there if name else path
        if anchor and page.suffix == ".md" and anchor not in anchors(page.read_text("utf-8")):
            yield f"link to {target}: no such heading"


def make_targets() -> set[str]:
    """The targets that the Makefile offers."""
    return set(
        re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    )


def bad_targets(text: str, known: set[str]) -> Iterator[str]:
    """`make` targets in code that the Makefile does not have."""
    code = [m.group(0) for m in FENCE.finditer(text)] + CODE_SPAN.findall(FENCE.sub("", text))
    # A comment in a shell block is prose.
    lines = [line.split("#", 1)[0] for block in code for line in block.splitlines()]
    for line in lines:
        for target in MAKE.findall(line):
            if target not in known:
                yield f"make {target}: no such target"


def settings() -> set[str] | None:
    """The names of all settings, or None while there is no settings module."""
    if not SETTINGS.exists():
        return None
    parts = sorted(SETTINGS.parent.glob("settings*.py"))
    source = "\n".join(path.read_text("utf-8") for path in parts)
    fields = {
        node.target.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    # Those of the tests are no settings of the product, which would refuse them.
    asked = re.findall(r'_asked\("([A-Z_]+)"', (ROOT / "tests/services/runs.py").read_text("utf-8"))
    return set(SETTING.findall(source)) | {f"TIDEWORK_{one.upper()}" for one in (*fields, *asked)}


def bad_settings(text: str, known: set[str] | None) -> Iterator[str]:
    """Settings named in a page that the product does not read."""
    for name in sorted(set(SETTING.findall(text))):
        if known is not None and name not in known:
            yield f"{name}: no such setting"


def bad_decision(path: Path, text: str) -> Iterator[str]:
    """Headings that a decision lacks."""
    if path.parent != DECISIONS or path.name == "README.md":
        return
    headings = {heading.lower() for heading in HEADING.findall(text)}
    for wanted in DECISION_HEADINGS:
        if wanted not in headings:
            yield f"a decision needs the heading '{wanted.capitalize()}'"


def main() -> int:
    """Check every page; the exit code says whether all is well."""
    targets, names, faults, pages = make_targets(), settings(), 0, 0
    for path in documents():
        text = path.read_text("utf-8")
        pages += 1
        for fault in (
            *bad_links(path, text),
            *bad_targets(text, targets),
            *bad_settings(text, names),
            *bad_decision(path, text),
        ):
            print(f"{path.relative_to(ROOT)}: {fault}")
            faults += 1
    for path, fault in docs_tables.faults():
        print(f"{path.relative_to(ROOT)}: {fault}")
        faults += 1
    print(f"{pages} pages, {faults} faults")
    return 1 if faults or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
