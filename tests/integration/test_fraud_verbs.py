"""The verbs of the controls against abuse, on real files."""

from tests.integration.test_account_verbs import Verbs, verbs

__all__ = ["verbs"]


def test_a_list_of_exempt_numbers_shows_labels_alone(verbs: Verbs) -> None:
    verbs.run("fraud", "overrides", "add", "1", "+966537319441", "--label", "monitor-2")
    assert verbs.run("fraud", "overrides", "list", "1") == [{"label": "monitor-2"}]
    said = verbs.says("fraud", "overrides", "add", "1", "+966537319441", "--label", "of-966537319441")
    assert said.endswith("[invalid_value]")
    assert "966537319441" not in said
    assert verbs.run("fraud", "overrides", "remove", "1", "+966537319441")["removed"] is True
    assert verbs.run("fraud", "overrides", "remove", "1", "+966537319441")["removed"] is False


def test_a_report_of_nothing_is_empty(verbs: Verbs) -> None:
    assert verbs.run("fraud", "report") == []
    assert verbs.run("fraud", "report", "1", "--days", "30") == []
    assert verbs.run("fraud", "blocks") == []
    assert verbs.says("fraud", "release", "block_0123456789abcdef").endswith("[unknown_block]")
    assert verbs.says("fraud", "report", "2").endswith("[unknown_customer]")
