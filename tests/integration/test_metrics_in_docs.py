"""Whoever sets an alarm by the pages finds the metric: each that they name is shown, by a node or by its supervisor.

And so does whoever loads the boards and the alerting rules.
"""

import inspect
import json
import re
from collections.abc import AsyncIterator, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from gateway.node import report
from gateway.workers import supervisor
from tests.integration.test_shared_nodes import two_nodes

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BOARDS = sorted((ROOT / "config" / "grafana").glob("*.json"))
ALERTS = ROOT / "config" / "alerts.yml"
_SHOWN = re.compile(r"^# TYPE (\S+) ", re.MULTILINE)
_USED = re.compile(r"\b(gateway_[a-z_]+)(?:\{([^}]*)\})?")
_PARTS = re.compile(r"_(bucket|count|sum)$")
_BY = re.compile(r"\bby \(([a-z_, ]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_LABEL = re.compile(r"([a-z_]+)\s*=")
SCRAPED = {"instance", "job"}
"""Labels that Prometheus adds."""
LABELS = {
    "gateway_not_ready": {"check"},
    "gateway_outcomes_total": {"status"},
    "gateway_http_answers_total": {"route", "status"},
    "gateway_http_keys_refused_total": {"reason"},
    "gateway_smpp_denied_total": {"reason"},
    "gateway_binds_up": {"operator"},
    "gateway_binds_down": {"operator", "reason"},
    "gateway_circuit_open": {"operator"},
    "gateway_circuit_openings_total": {"operator"},
    "gateway_active": {"operator"},
    "gateway_window_used": {"operator"},
    "gateway_flawed_total": {"operator"},
    "gateway_opened_total": {"purpose"},
    "gateway_openings_refused_total": {"purpose"},
    "gateway_integrity_errors_total": {"field"},
    "gateway_retention_lag_seconds": {"tag"},
    "gateway_retention_due": {"tag"},
    "gateway_retention_oldest_seconds": {"tag"},
    "gateway_forgotten_total": {"kind"},
    "gateway_cases_overdue": {"kind"},
    "gateway_certificate_left_seconds": {"side", "name"},
    "gateway_trouble": {"kind"},
    "gateway_unexpected_errors_total": {"work"},
    "gateway_fraud_failed_total": {"control"},
    "gateway_accounts_unreadable": {"kind"},
}
"""Of the metrics that boards and rules part by label; held to what a node registers."""
_SUPERVISED = re.compile(r'"(gateway_[a-z_]+)": \(')
_NAMED = re.compile(r"`(gateway_[a-z_*]+)")

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shown(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[set[str]]:
    async with two_nodes(tmp_path_factory.mktemp("shared")) as pair:
        text = pair.nodes[0].fronts.exposition.render().decode()
    yield {*_SHOWN.findall(text), *_SUPERVISED.findall(inspect.getsource(supervisor))}


@pytest.mark.parametrize("page", ["scaling.md", "operating.md"])
async def test_every_metric_of_a_page_is_shown(shown: set[str], page: str) -> None:
    named = set(_NAMED.findall((DOCS / page).read_text("utf-8")))
    assert len(named) > 15
    assert {each for each in named if not any(fnmatch(name, each) for name in shown)} == set()


def rules() -> list[dict[str, object]]:
    (group,) = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return list(group["rules"])


def expressions() -> Iterator[tuple[str, str]]:
    """Where each stands, and what it says."""
    for rule in rules():
        yield str(rule["alert"]), str(rule["expr"])
    for board in BOARDS:
        for panel in json.loads(board.read_text("utf-8"))["panels"]:
            for target in panel["targets"]:
                yield f"{board.stem}: {panel['title']}", target["expr"]


async def test_every_metric_of_the_boards_and_rules_is_shown(shown: set[str]) -> None:
    used = {(place, name) for place, text in expressions() for name, _ in _USED.findall(text)}
    assert len(used) > 80
    assert {each for each in used if each[1] not in shown and _PARTS.sub("", each[1]) not in shown} == set()


async def test_boards_and_rules_part_metrics_by_labels_that_they_have() -> None:
    wrong = []
    for place, text in expressions():
        had = set(SCRAPED)
        for name, selected in _USED.findall(text):
            labels = LABELS.get(name, set()) | SCRAPED | ({"le"} if name.endswith("_bucket") else set())
            wrong += [(place, name, label) for label in _LABEL.findall(selected) if label not in labels]
            had |= labels
        wrong += [(place, "", label) for each in _BY.findall(text) for label in each.split(", ") if label not in had]
    assert not wrong


async def test_the_labels_are_those_that_nodes_show() -> None:
    registered = inspect.getsource(report)
    for name, labels in LABELS.items():
        bare = name.removesuffix("_total")
        found = re.search(rf'"{bare}_by_([a-z_]+)"', registered)
        assert found is not None, name
        assert set(found[1].split("_and_")) == labels, name


async def test_every_rule_says_what_to_do_and_where_to_read_on() -> None:
    page = (DOCS / "operating.md").read_text("utf-8")
    sections = {re.sub(r"[^a-z0-9 -]", "", line.lower()).strip().replace(" ", "-") for line in _HEADING.findall(page)}
    found = rules()
    assert len(found) > 15
    assert len({rule["alert"] for rule in found}) == len(found)
    for rule in found:
        labels, annotations = rule["labels"], rule["annotations"]
        assert isinstance(labels, dict)
        assert isinstance(annotations, dict)
        assert labels["severity"] in ("page", "ticket")
        assert annotations["summary"]
        assert annotations["runbook"] in sections, rule["alert"]


async def test_boards_are_three_with_panels_that_do_not_overlap() -> None:
    assert [each.stem for each in BOARDS] == ["customers", "operators", "privacy"]
    for board in BOARDS:
        places = [json.dumps(each["gridPos"]) for each in json.loads(board.read_text("utf-8"))["panels"]]
        assert len(places) == len(set(places)) >= 10


@pytest.mark.parametrize("place", [place for place, _ in expressions()])
async def test_an_expression_closes_what_it_opens(place: str) -> None:
    for text in [text for each, text in expressions() if each == place]:
        opened: list[str] = []
        for character in text:
            if character in "([{":
                opened.append({"(": ")", "[": "]", "{": "}"}[character])
            elif character in ")]}":
                assert opened.pop() == character, text
        assert not opened, text
