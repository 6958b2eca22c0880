import pytest

from redaction.inventory import INVENTORY, Clock, Form, Role, undeclared


@pytest.mark.policy("P-07")
def test_undeclared_columns_are_named_once_and_in_order() -> None:
    stored = ["message.id", "message.zebra", "message.body", "message.zebra", "nowhere.at_all"]
    assert undeclared(stored) == ["message.body", "message.zebra", "nowhere.at_all"]
    assert undeclared(INVENTORY) == []


@pytest.mark.policy("P-09")
def test_every_field_says_what_it_means_and_stands_under_its_name() -> None:
    for name, field in INVENTORY.items():
        assert field.name == name
        assert name.count(".") == 1
        assert field.meaning


SEALED_TOGETHER = ("content", "private", "last_two")


@pytest.mark.policy("P-05")
def test_content_is_sealed_and_people_are_pseudonyms() -> None:
    content = {name for name, field in INVENTORY.items() if field.clock is Clock.CONTENT}
    assert content == {f"{table}.{column}" for table in ("message", "inbox") for column in SEALED_TOGETHER}
    assert all(INVENTORY[name].form is Form.SEALED for name in content)
    assert INVENTORY["message.subject"].form is Form.PSEUDONYM
    assert INVENTORY["api_key.digest"].form is Form.DIGEST
    assert INVENTORY["endpoint.secret"].form is INVENTORY["customer.account"].form is Form.SEALED


def test_message_traffic_is_processed_for_the_customer_and_accounts_are_our_own() -> None:
    roles = {name: field.role for name, field in INVENTORY.items()}
    assert {role for name, role in roles.items() if name.startswith(("message.", "outbox."))} == {Role.PROCESSOR}
    assert {role for name, role in roles.items() if name.startswith(("customer.", "api_key."))} == {Role.CONTROLLER}


@pytest.mark.policy("P-16")
def test_only_content_goes_to_operators() -> None:
    assert [name for name, field in INVENTORY.items() if "operator" in field.recipients] == ["message.content"]
