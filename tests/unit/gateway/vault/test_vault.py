"""The sealed fields of a message, packed and unpacked."""

from pathlib import Path

import msgspec
import pytest

from gateway.model.message import Message, MessageClass
from gateway.model.submission import Submission
from gateway.vault.vault import Vault
from redaction.errors import IntegrityError, KeyDestroyed
from redaction.personal import MessageText, Msisdn, Purpose
from redaction.retention import RetentionTag
from tests.unit.gateway.road import CUSTOMER, Road
from tests.unit.gateway.stage import a_message

TO = Msisdn("966500000078", 966)
ID = bytes(15) + b"\1"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Road(tmp_path).vault


def submission(**changes: object) -> Submission:
    fields: dict[str, object] = {
        "to": TO,
        "source": "INTERKEY",
        "text": MessageText("مرحبا"),
        "message_class": MessageClass.OTP,
        "tag": RetentionTag("otp"),
        "segments": 1,
        "encoding": "ucs2",
        "validity_s": 60,
    }
    return Submission(**(fields | changes))  # type: ignore[arg-type]


def sealed(vault: Vault, **changes: object) -> Message:
    now_ms = a_message().accepted_ms
    content, private, last_two = vault.seal(
        submission(**changes), customer=CUSTOMER, message_id=ID, leaf=7, now_ms=now_ms
    )
    return a_message(id=ID, content=content, private=private, last_two=last_two)


@pytest.mark.parametrize("source", ["INTERKEY", Msisdn("966500000001", 966)])
def test_what_an_operator_needs_comes_back_as_it_was(vault: Vault, source: str | Msisdn) -> None:
    content = vault.open_content(sealed(vault, source=source, flash=True, receipt=False))
    assert (content.to, content.source, content.flash, content.receipt) == (TO, source, True, False)
    assert content.to.country == 966
    assert content.text.reveal(Purpose.DELIVER) == "مرحبا"


@pytest.mark.parametrize(("reference", "url"), [("r", None), (None, "https://a.sa/"), ("r", "https://a.sa/")])
def test_what_only_the_customer_is_told_comes_back_as_it_was(
    vault: Vault, reference: str | None, url: str | None
) -> None:
    given = [None if value is None else MessageText(value) for value in (reference, url)]
    private = vault.open_private(sealed(vault, reference=given[0], callback_url=given[1]))
    assert [private.reference, private.callback_url] == given


def test_nothing_private_is_nothing_sealed(vault: Vault) -> None:
    message = sealed(vault)
    assert message.private is None
    private = vault.open_private(message)
    assert (private.reference, private.callback_url) == (None, None)


@pytest.mark.parametrize("changes", [{"id": bytes(16)}, {"customer": 2}, {"tag": RetentionTag("transactional")}])
def test_content_opens_only_in_its_own_row(vault: Vault, changes: dict[str, object]) -> None:
    with pytest.raises(IntegrityError):
        vault.open_content(msgspec.structs.replace(sealed(vault), **changes))


def test_one_field_does_not_open_as_the_other(vault: Vault) -> None:
    message = sealed(vault, reference=MessageText("r"))
    message.content, message.private = message.private, message.content
    with pytest.raises(IntegrityError):
        vault.open_content(message)
    with pytest.raises(IntegrityError):
        vault.open_private(message)


def test_dropped_content_looks_like_content_whose_key_is_gone(vault: Vault) -> None:
    with pytest.raises(KeyDestroyed):
        vault.open_content(a_message(content=None))


@pytest.mark.policy("P-21")
def test_content_is_refused_at_its_time_though_its_key_still_lives(tmp_path: Path) -> None:
    road = Road(tmp_path)
    message = sealed(road.vault, reference=MessageText("r"))
    road.clock.advance(599.999)
    assert road.vault.open_content(message).to == TO
    road.clock.advance(0.001)
    with pytest.raises(KeyDestroyed):
        road.vault.open_content(message)
    with pytest.raises(KeyDestroyed):
        road.vault.open_private(message)


@pytest.mark.policy("P-05")
def test_opened_content_prints_as_dots(vault: Vault) -> None:
    shown = repr(vault.open_content(sealed(vault)))
    assert "مرحبا" not in shown
    assert "500000078" not in shown


def test_content_of_a_destroyed_key_stays_closed(tmp_path: Path) -> None:
    road = Road(tmp_path)
    message = sealed(road.vault)
    road.store.update(lambda state: state.drop_customer(CUSTOMER), destroys=True)
    with pytest.raises(KeyDestroyed):
        road.vault.open_content(message)
