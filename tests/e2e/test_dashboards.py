"""Rules, alerts and dashboards, held to Prometheus' own tools and to what a real server shows."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from scripts.dashboards import files
from tests.services.processes import free_port
from tests.services.promtool import amtool, promtool
from tests.services.server import StartServer

__all__ = ["amtool", "promtool"]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "observability"
RULES = FOLDER / "rules"
# These have series only with what the test's server does not have.
ELSEWHERE = {"tidework_reads", "tidework_replica_lag_seconds", "tidework_replica_usable"}


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rules(name: str) -> list[dict[str, Any]]:
    found = yaml.safe_load((RULES / name).read_text())
    return [rule for group in found["groups"] for rule in group["rules"]]


def test_prometheus_takes_configuration_and_rules(promtool: str) -> None:
    run(promtool, "check", "config", FOLDER / "prometheus.yml")
    run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *RULES.glob("[ra][el]*.yml"))


def test_every_alert_fires_when_it_should(promtool: str) -> None:
    run(promtool, "test", "rules", RULES / "tests.yml")
    tested = {
        one["alertname"]
        for part in yaml.safe_load((RULES / "tests.yml").read_text())["tests"]
        for one in part["alert_rule_test"]
        if one.get("exp_alerts")
    }
    assert tested == {rule["alert"] for rule in rules("alerts.yml")}


def test_alertmanager_takes_its_configuration(amtool: str) -> None:
    run(amtool, "check-config", FOLDER / "alertmanager.yml")


def test_every_alert_says_what_to_do() -> None:
    for rule in rules("alerts.yml"):
        path, _, anchor = rule["annotations"]["runbook"].partition("#")
        headings = re.findall(r"^## (.+)$", (ROOT / path).read_text("utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
        assert anchor in anchors, rule["alert"]


def test_dashboards_are_as_their_script_makes_them() -> None:
    for path, text in files().items():
        assert path.read_text("utf-8") == text, f"run: python scripts/dashboards.py ({path.name})"


def dashboard_queries() -> list[str]:
    found = []
    for text in files().values():
        for panel in json.loads(text)["panels"]:
            found += [target["expr"] for target in panel.get("targets", ())]
    return found


def test_every_query_of_a_dashboard_can_be_read(promtool: str, tmp_path: Path) -> None:
    queries = [
        query.replace("$__rate_interval", "5m").replace("$job", "j").replace("$instance", "i")
        for query in dashboard_queries()
    ]
    made = [{"record": f"made:{number}", "expr": one} for number, one in enumerate(queries)]
    for rule in made:
        rule["record"] = rule["record"].translate(str.maketrans("0123456789", "abcdefghij"))
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "g", "rules": made}]}))
    run(promtool, "check", "rules", path)


NAME = re.compile(r"\b(?:tidework|process)_[a-z_0-9]+\b")


def test_every_metric_that_is_asked_for_exists(tidework_server: StartServer, promtool: str) -> None:
    port = free_port()
    server = tidework_server(env={"TIDEWORK_METRICS": f"127.0.0.1:{port}"}, workers=2)
    body = {"email": "ada@example.com", "password": "correct horse battery", "name": "Ada"}
    httpx.post(f"{server.base_url}/api/v1/auth/register", json=body, timeout=60).raise_for_status()
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    exist = set(ELSEWHERE)
    for family in text_string_to_metric_families(text):
        exist.add(family.name)
        exist |= {sample.name for sample in family.samples}
        # What has labels that nobody has used yet.
        if family.type == "counter":
            exist.add(f"{family.name}_total")
        elif family.type == "histogram":
            exist |= {f"{family.name}_{part}" for part in ("bucket", "count", "sum")}
    recorded = {rule["record"] for rule in rules("recording.yml")}
    asked = dashboard_queries()
    for rule in rules("recording.yml") + rules("alerts.yml"):
        expression = rule["expr"]
        for name in re.findall(r"\binstance\w*:[\w:]+", expression):
            assert name in recorded
        asked.append(re.sub(r"\binstance\w*:[\w:]+", "", expression))
    for query in asked:
        for name in NAME.findall(query):
            known = name in exist or name.removesuffix("_total") in exist
            assert known, f"{name} in {query}"
    assert len(asked) > 40
    # The other way round: what a server shows is said in the document.
    told = (ROOT / "docs" / "operations" / "observing.md").read_text("utf-8")
    for name in sorted({one for one in exist if one.startswith("tidework_")}):
        base = re.sub(r"_(total|bucket|sum|count|created)$", "", name)
        assert base in told, name


@pytest.mark.parametrize("path", sorted(files()), ids=lambda path: path.name)
def test_a_dashboard_fits_its_grid(path: Path) -> None:
    panels = json.loads(path.read_text("utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        grid = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken
        assert grid["x"] + grid["w"] <= 24
        taken |= cells
