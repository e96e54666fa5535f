"""Imports and exports: Jira, CSV, and our own lossless JSON; CSV and iCalendar to take away."""

from tidework.transfer.appending import Terms
from tidework.transfer.csv_import import CsvOptions, import_csv
from tidework.transfer.export_csv import export_csv
from tidework.transfer.export_ics import export_ics
from tidework.transfer.export_json import export_json
from tidework.transfer.jira_import import JiraOptions, import_jira
from tidework.transfer.json_import import JsonOptions, drop_unfinished, import_json
from tidework.transfer.mapping import Mapping, default_mapping, load_mapping
from tidework.transfer.people import Described, Directory, People, load_people
from tidework.transfer.report import (
    Finding,
    ImportReport,
    MappingRow,
    Progress,
    mapping_lines,
)
from tidework.transfer.sources import BadSource, Limits
from tidework.transfer.text import keepable

__all__ = [
    "BadSource",
    "CsvOptions",
    "Described",
    "Directory",
    "Finding",
    "ImportReport",
    "JiraOptions",
    "JsonOptions",
    "Limits",
    "Mapping",
    "MappingRow",
    "People",
    "Progress",
    "Terms",
    "default_mapping",
    "drop_unfinished",
    "export_csv",
    "export_ics",
    "export_json",
    "import_csv",
    "import_jira",
    "import_json",
    "keepable",
    "load_mapping",
    "load_people",
    "mapping_lines",
]
