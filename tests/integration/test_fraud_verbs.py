"""The verbs of the controls against abuse, on real files."""

from tests.integration.test_account_verbs import Verbs, verbs

__all__ = ["verbs"]


def test_a_report_of_nothing_is_empty(verbs: Verbs) -> None:
    assert verbs.run("fraud", "report") == []
    assert verbs.run("fraud", "report", "1", "--days", "30") == []
    assert verbs.run("fraud", "blocks") == []
    assert verbs.says("fraud", "release", "block_0123456789abcdef").endswith("[unknown_block]")
    assert verbs.says("fraud", "report", "2").endswith("[unknown_customer]")
