"""Whoever sets an alarm by the pages finds the metric: each that they name is shown, by a node or by its supervisor."""

import inspect
import re
from collections.abc import AsyncIterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.workers import supervisor
from tests.integration.test_shared_nodes import two_nodes

DOCS = Path(__file__).parents[2] / "docs"
_SHOWN = re.compile(r"^# TYPE (\S+) ", re.MULTILINE)
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
