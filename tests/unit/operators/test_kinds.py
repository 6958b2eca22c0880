"""The list of kinds in the settings, and the packages that build their links, say the same."""

import pytest

from config.operators import KINDS, LinkSettings
from gateway.process.clock import SystemClock
from operators.kinds import operator


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_settings_has_a_package_that_builds_its_link(kind: type[LinkSettings]) -> None:
    built = operator(kind(name="one"), SystemClock())
    assert built.name == "one"
    assert built.health().state in ("stopped", "down", "connecting")
    assert not built.is_up()
