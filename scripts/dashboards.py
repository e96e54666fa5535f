"""Grafana's dashboards, made from the lists below: `python scripts/dashboards.py` writes them.

A panel is a title, a unit and its queries with their legends. `tests/e2e/test_dashboards.py` holds
every query to the metrics that a real server has.
"""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parent.parent / "deploy" / "observability" / "grafana"
WHERE = 'job="$job", instance=~"$instance"'


class Panel(NamedTuple):
    """A graph: pairs of a query and the legend of its lines."""

    title: str
    unit: str
    queries: list[tuple[str, str]]
    about: str = ""


def _rate(name: str, by: str, labels: str = "") -> str:
    return f"sum by ({by}) (rate({name}{{{WHERE}{labels}}}[$__rate_interval]))"


def _quantile(share: str, name: str, by: str) -> str:
    return f"histogram_quantile({share}, {_rate(f'{name}_bucket', f'{by}, le' if by else 'le')})"


def _ratio(part: str, whole: str, by: str, labels: str = "") -> str:
    return f"{_rate(part, by, labels)} / {_rate(whole, by)}"


REQUESTS = "tidework_http_requests_total"
LATENCY = "tidework_http_request_duration_seconds"
QUERY = "tidework_query_duration_seconds"
GROUP = "tidework_commit_group_size"
LOOKUPS = "tidework_cache_lookups_total"

SERVICE = {
    "What people notice": [
        Panel("Requests", "reqps", [(_rate(REQUESTS, "instance"), "{{instance}}")]),
        Panel(
            "Share of errors",
            "percentunit",
            [
                (_ratio(REQUESTS, REQUESTS, "instance", ', status=~"5.."'), "{{instance}}"),
            ],
        ),
        Panel(
            "Latency",
            "s",
            [
                (_quantile(share, LATENCY, ""), name)
                for share, name in (("0.5", "half"), ("0.95", "95 %"), ("0.99", "99 %"))
            ],
        ),
        Panel(
            "Accounts here in the last minutes",
            "short",
            [(f"tidework_active_accounts{{{WHERE}}}", "{{instance}} {{window}}")],
            "Distinct within a copy; an account that two copies saw is in both.",
        ),
    ],
    "By route": [
        Panel("Requests", "reqps", [(f"topk(10, {_rate(REQUESTS, 'route')})", "{{route}}")]),
        Panel(
            "Latency, 99 %", "s",
            [(f"topk(10, {_quantile('0.99', LATENCY, 'route')})", "{{route}}")],
        ),
        Panel("Answers", "reqps", [(_rate(REQUESTS, "status"), "{{status}}")]),
    ],
    "Limits and overload": [
        Panel(
            "Refused by limits", "reqps",
            [(_rate("tidework_limit_refusals_total", "kind"), "{{kind}}")],
        ),
        Panel(
            "Sent away for lack of a place", "reqps",
            [(_rate("tidework_admission_refused_total", "kind, reason"), "{{kind}} {{reason}}")],
        ),
        Panel(
            "Being served", "short",
            [(f"sum by (instance) (tidework_http_requests_in_flight{{{WHERE}}})", "{{instance}}")],
        ),
    ],
    "Health": [
        Panel(
            "Checks (1 ok, 0.5 degraded, 0 failed)", "short",
            [(f"min by (instance, check) (tidework_health_status{{{WHERE}}})",
              "{{instance}} {{check}}")],
        ),
        Panel(
            "Workers that answer", "short",
            [(f"sum by (instance) (tidework_worker_up{{{WHERE}}})", "{{instance}}")],
        ),
    ],
}  # fmt: skip

MACHINERY = {
    "Database": [
        Panel(
            "Time by query", "percentunit",
            [(f"topk(10, {_rate(f'{QUERY}_sum', 'query')})", "{{query}}")],
            "Seconds of the database a second.",
        ),
        Panel(
            "Latency by query, 99 %", "s",
            [(f"topk(10, {_quantile('0.99', QUERY, 'query')})", "{{query}}")],
        ),
        Panel(
            "Connections", "short",
            [
                (f"sum by (instance, pool) (tidework_pool_connections_in_use{{{WHERE}}})",
                 "{{instance}} {{pool}} in use"),
                (f"sum by (instance, pool) (tidework_pool_waiting{{{WHERE}}})",
                 "{{instance}} {{pool}} waiting"),
            ],
        ),
    ],
    "Writing": [
        Panel("Commits", "ops", [(_rate("tidework_commits_total", "instance"), "{{instance}}")]),
        Panel(
            "Commits made durable together", "short",
            [(_ratio(f"{GROUP}_sum", f"{GROUP}_count", "instance"), "{{instance}}")],
        ),
        Panel(
            "Until a commit is durable, 99 %", "s",
            [(_quantile("0.99", "tidework_commit_duration_seconds", "instance"), "{{instance}}")],
        ),
        Panel(
            "Commits that wait", "short",
            [(f"sum by (instance) (tidework_commits_pending{{{WHERE}}})", "{{instance}}")],
        ),
    ],
    "Replicas": [
        Panel(
            "Behind", "s",
            [(f"max by (replica) (tidework_replica_lag_seconds{{{WHERE}}})", "{{replica}}")],
        ),
        Panel("Reads", "ops", [(_rate("tidework_reads_total", "target"), "{{target}}")]),
    ],
    "Caches": [
        Panel(
            "Hits", "percentunit",
            [(_ratio(LOOKUPS, LOOKUPS, "tier", ', result="hit"'), "{{tier}}")],
        ),
        Panel(
            "Used (bytes of answers, else entries)", "short",
            [(f"sum by (instance, tier) (tidework_cache_used{{{WHERE}}})",
              "{{instance}} {{tier}}")],
        ),
    ],
    "Process and machine": [
        Panel(
            "Event loop late by", "s",
            [(f"max by (instance) (tidework_event_loop_lag_seconds{{{WHERE}}})", "{{instance}}")],
        ),
        Panel(
            "Processor", "percentunit",
            [(_rate("process_cpu_seconds_total", "instance"), "{{instance}}")],
        ),
        Panel(
            "Memory", "bytes",
            [
                (f"sum by (instance) (process_resident_memory_bytes{{{WHERE}}})",
                 "{{instance}} used"),
                (f"tidework_memory_available_bytes{{{WHERE}}}", "{{instance}} available"),
            ],
        ),
        Panel(
            "Disk of the data folder", "bytes",
            [(f"tidework_disk_free_bytes{{{WHERE}}}", "{{instance}} free")],
        ),
        Panel(
            "Open files", "percentunit",
            [(f"max by (instance) (process_open_fds{{{WHERE}}} / process_max_fds{{{WHERE}}})",
              "{{instance}}")],
        ),
        Panel("Versions", "short", [(f"count by (version) (tidework_build_info{{{WHERE}}})",
                                     "{{version}}")]),
    ],
    "What follows commits": [
        Panel(
            "Events published, commits taken in", "ops",
            [(_rate("tidework_relayed_events_total", "instance"), "{{instance}} published"),
             (_rate("tidework_consumed_commits_total", "consumer"), "{{consumer}}")],
        ),
        Panel(
            "Consumers behind", "s",
            [(f"max by (consumer) (tidework_consumer_lag_seconds{{{WHERE}}})", "{{consumer}}")],
        ),
        Panel(
            "Jobs by outcome", "ops",
            [(_rate("tidework_job_duration_seconds_count", "kind, outcome"),
              "{{kind}} {{outcome}}")],
        ),
        Panel(
            "The oldest job that is due", "s",
            [(f"max by (kind) (tidework_jobs_oldest_seconds{{{WHERE}}})", "{{kind}}")],
        ),
    ],
}  # fmt: skip

DASHBOARDS = {
    "tidework-service": ("Tidework: service", SERVICE),
    "tidework-machinery": ("Tidework: machinery", MACHINERY),
}
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def _panel(panel: Panel, number: int, x: int, y: int, width: int) -> dict[str, Any]:
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": {"x": x, "y": y, "w": width, "h": 8},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"tooltip": {"mode": "multi", "sort": "desc"}},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": _SOURCE, "expr": query,
             "legendFormat": legend}
            for place, (query, legend) in enumerate(panel.queries)
        ],
    }  # fmt: skip


def _choice(name: str, label: str, query: str, *, several: bool) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "includeAll": several,
        "multi": several,
        "current": {"text": "All", "value": "$__all"} if several else {},
    }


def dashboard(uid: str, title: str, rows: dict[str, list[Panel]]) -> dict[str, Any]:
    """A dashboard, as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for name, row in rows.items():
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": name, "collapsed": False,
             "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}, "panels": []}
        )  # fmt: skip
        y += 1
        for start in range(0, len(row), 4):
            line = row[start : start + 4]
            width = 24 // len(line)
            for place, panel in enumerate(line):
                panels.append(_panel(panel, len(panels) + 1, place * width, y, width))
            y += 8
    source = {"name": "datasource", "label": "Source", "type": "datasource", "query": "prometheus"}
    job = _choice("job", "Job", "label_values(tidework_build_info, job)", several=False)
    instances = 'label_values(tidework_build_info{job="$job"}, instance)'
    return {
        "uid": uid,
        "title": title,
        "tags": ["tidework"],
        "timezone": "browser",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [source, job, _choice("instance", "Copy", instances, several=True)]},
        "panels": panels,
    }


def files() -> dict[Path, str]:
    """Each dashboard's file, and what stands in it."""
    return {
        FOLDER / f"{uid}.json": json.dumps(dashboard(uid, title, rows), indent=2) + "\n"
        for uid, (title, rows) in DASHBOARDS.items()
    }


def main() -> int:
    """Write them."""
    for path, text in files().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
