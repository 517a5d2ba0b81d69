"""What the alert rules and the dashboard ask Prometheus for, held against a real gateway: names, labels, values."""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from support.home import ROOT, Home

from farcall.client import embedded

RULES = ROOT / "ops/prometheus/alerts.yml"
DASHBOARD = ROOT / "ops/grafana/farcall.json"
#: What Prometheus itself adds to every series.
_TARGET = {"instance", "job"}
_SERIES = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_SELECTOR = re.compile(r"\b((?:farcall|nodejs|process)_\w+|up)\b(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_BY = re.compile(r"\b(?:sum|min|max|avg|count) by \(([^)]*)\)")

#: Metric → label → its values.
Page = dict[str, dict[str, set[str]]]


@dataclass(frozen=True)
class Asked:
    """One expression, where it stands, and which labels are named in the words about it."""

    where: str
    expression: str
    said: frozenset[str]

    @property
    def selectors(self) -> list[tuple[str, list[tuple[str, str, str]]]]:
        return [(name, _MATCHER.findall(inside)) for name, inside in _SELECTOR.findall(self.expression)]

    @property
    def grouped(self) -> list[set[str]]:
        return [{label.strip() for label in labels.split(",")} for labels in _BY.findall(self.expression)]


def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    return found


def _rules() -> Iterator[Asked]:
    for rule in rules():
        words = " ".join(rule["annotations"].values())
        yield Asked(rule["alert"], rule["expr"], frozenset(re.findall(r"\$labels\.(\w+)", words)))


def _panels() -> Iterator[Asked]:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            said = frozenset(re.findall(r"\{\{\s*(\w+)\s*\}\}", target["legendFormat"]))
            yield Asked(f"{panel['title']} {target['refId']}", target["expr"], said)


EVERYTHING = [*_rules(), *_panels()]
each = pytest.mark.parametrize("asked", EVERYTHING, ids=lambda asked: asked.where)


@pytest.fixture(scope="module")
def page(home: Home) -> Page:
    embedded.ensure(home.folder)
    found: Page = defaultdict(lambda: defaultdict(set))
    for line in _get(home.folder, "/metrics").splitlines():
        series = _SERIES.match(line)
        if series is not None:
            labels = found[series[1]]
            for name, value in _LABEL.findall(series[2] or ""):
                labels[name].add(value)
    found["up"] = {}  # Prometheus' own
    return dict(found)


@each
def test_it_asks_for_what_a_gateway_exports(asked: Asked, page: Page) -> None:
    assert asked.selectors, asked.expression
    for name, matchers in asked.selectors:
        assert name in page
        for label, operator, value in matchers:
            assert label in page[name] or label in _TARGET, f"{name} has no label {label}"
            if label not in _TARGET:
                wanted = set(value.split("|")) if operator.endswith("~") else {value}
                assert wanted <= page[name][label], f"{name} has no {label} {wanted - page[name][label]}"


@each
def test_what_it_groups_by_and_speaks_of_is_there(asked: Asked, page: Page) -> None:
    labels = {label for name, _ in asked.selectors for label in page[name]} | _TARGET
    for group in asked.grouped:
        assert group <= labels
    left = set.union(*asked.grouped) - {"le"} if asked.grouped else labels
    if "sum(" in asked.expression or "min(" in asked.expression:
        left = set()
    assert asked.said <= left, f"{asked.said - left} is not in its result"


def test_counters_are_asked_for_their_growth(page: Page) -> None:
    for asked in EVERYTHING:
        for name in re.findall(r"\b\w+_(?:total|bucket)\b", asked.expression):
            assert re.search(rf"(?:rate|increase)\({name}\b", asked.expression), f"{asked.where}: {name} only grows"


def test_each_alert_is_tried_out_firing_and_quiet() -> None:
    tried = yaml.safe_load((Path(__file__).parent / "alerts.yml").read_text())["tests"]
    cases = [case for one in tried for case in one["alert_rule_test"]]
    for name in (rule["alert"] for rule in rules()):
        fires = {bool(case["exp_alerts"]) for case in cases if case["alertname"] == name}
        assert fires == {True, False}, name


def test_each_alert_says_what_it_is_and_what_to_do() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_the_dashboard_is_whole() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [cell for panel in panels for cell in _cells(panel["gridPos"])]
    assert len(set(cells)) == len(cells), "no panel lies on another"
    assert all(x < 24 for x, _ in cells)
    variables = {variable["name"] for variable in dashboard["templating"]["list"]} | {"__rate_interval"}
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(panels))) <= variables


def _cells(at: dict[str, int]) -> list[tuple[int, int]]:
    return [(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])]


def _get(home: Path, path: str) -> str:
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.connect(str(embedded.socket_path(home)))
    connection.request("GET", path, headers={"Authorization": f"Bearer {(home / 'token').read_text().strip()}"})
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    assert answer.status == 200, said
    return said
