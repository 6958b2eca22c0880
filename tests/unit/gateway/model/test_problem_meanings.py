"""Every warning that the gateway logs is explained."""

import re

from gateway.model.problem_meanings import MEANINGS
from tests.architecture.test_documents import ROOT

_LOGGED = re.compile(r"\b_?log\.(?:warning|error|critical)\(\s*\"([a-z_ ]+)\"")


def test_every_warning_of_the_source_has_cause_and_cure_and_no_other_has() -> None:
    sources = [path.read_text("utf-8") for room in ("gateway", "operators") for path in (ROOT / room).rglob("*.py")]
    logged = {each.replace(" ", "_") for text in sources for each in _LOGGED.findall(text)}
    logged |= {"uncaught", "library"}
    assert logged == MEANINGS.keys()
    assert all(each.cause and each.cure for each in MEANINGS.values())
