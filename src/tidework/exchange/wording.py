"""What the command says of a file, for those who have sent it over HTTP."""

from tidework.exchange.schemas import ImportMapping, ImportProblem, Outcome
from tidework.transfer import Finding, ImportReport, keepable

_EXAMPLES = 100
_LONGEST = 300
_LONGEST_ERROR = 1_000
_MAPPING = 300
_COLUMNS = 1_000

_WORDS = (
    ("or use --skip-bad-lines to", "or send skip_bad_lines=true to"),
    ("Or use --skip-bad-lines to", "Or send skip_bad_lines=true to"),
    ("--skip-bad-lines", "skip_bad_lines=true"),
    ("say which: --column title=COLUMN", 'say which in columns, such as {"title": COLUMN}'),
    ("--column ", "column="),
    ("(--format json)", "(format json)"),
    ("run the same command again to go on", "import the same file again to go on"),
    ("Use --format csv.", "Export as CSV."),
    ("as `tidework export` wrote it", "as it was exported"),
)


def reworded(text: str) -> str:
    """A message of the command, about the same thing over HTTP."""
    for there, here in _WORDS:
        text = text.replace(there, here)
    return text


def summary(report: ImportReport, error: str | None = None, *, ended: bool = False) -> Outcome:
    """A report as it is kept: bounded, whatever the file holds."""
    return Outcome(
        error=None if error is None else reworded(_short(error, _LONGEST_ERROR)),
        found=report.found,
        written=report.written,
        unchanged=report.unchanged,
        columns=[_short(name, 100) for name in report.columns[:_COLUMNS]],
        mapping=[
            ImportMapping(row.field, _short(row.value, 100), row.count, _short(row.becomes, 100))
            for row in report.mapping[:_MAPPING]
        ],
        problems=_problems(report),
        workspace_id=report.workspace_id,
        ended=ended,
    )


def _problems(report: ImportReport) -> list[ImportProblem]:
    """The findings, what cannot be read first, with a hundred examples in all."""
    # A thread may be adding to them.
    findings = sorted(report.findings.items(), key=_rank)
    left = _EXAMPLES
    problems = []
    for kind, finding in findings:
        examples = [_short(text, _LONGEST) for text in finding.examples[:left]]
        left -= len(examples)
        meaning = _short(finding.meaning, _LONGEST)
        problems.append(ImportProblem(_short(kind, 100), meaning, finding.count, examples))
    return problems[:_EXAMPLES]


def _rank(finding: tuple[str, Finding]) -> tuple[bool, str]:
    return finding[0] != "bad_records", finding[0]


def _short(text: str, longest: int) -> str:
    # What is in a file may be what no database keeps.
    text = keepable(text[: longest + 1])[0]
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
