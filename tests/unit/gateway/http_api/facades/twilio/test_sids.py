"""Sids are ours in Twilio's form, and nothing else is one."""

import pytest

from gateway.http_api.facades.twilio.sids import (
    account_sid,
    cursor_of,
    key_sid,
    message_of,
    message_sid,
    page_token,
    service_sid,
)

IDENTIFIER = bytes(range(16))


def test_a_messages_sid_is_its_id_and_back() -> None:
    assert message_sid(IDENTIFIER) == "SM000102030405060708090a0b0c0d0e0f"
    assert message_of(message_sid(IDENTIFIER)) == IDENTIFIER
    assert cursor_of(page_token(IDENTIFIER)) == IDENTIFIER


@pytest.mark.parametrize("sid", ["", "SM", "SM" + "0" * 31, "SM" + "A" * 32, "MM" + "0" * 32, "SM" + "0" * 33])
def test_what_we_never_wrote_is_no_sid(sid: str) -> None:
    assert message_of(sid) is None
    assert cursor_of(sid) is None


def test_names_give_sids_that_differ_by_kind() -> None:
    made = {account_sid("cus_1"), service_sid("cus_1"), key_sid("cus_1"), account_sid("cus_2")}
    assert len({each[2:] for each in made}) == 4
    assert all(len(each) == 34 for each in made)
