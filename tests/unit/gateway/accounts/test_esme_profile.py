"""The profile of an account as words and as it is stored."""

import msgspec
import pytest

from gateway.accounts.esme_profile import NAMES, USUAL, EsmeProfile, with_words
from gateway.accounts.invalid import InvalidSetting
from gateway.accounts.settings import EsmeSettings, esme_settings, stored_form


@pytest.mark.parametrize(
    ("word", "name", "value"),
    [
        ("alphabet=latin1", "alphabet", "latin1"),
        ("message_ids=decimal", "message_ids", "decimal"),
        ("utc_offset_min=180", "utc_offset_min", 180),
        ("receipt_retry_s=3600", "receipt_retry_s", 3600),
        ("max_receivers=0", "max_receivers", 0),
        ("max_receivers=none", "max_receivers", None),
        ("priority=true", "priority", True),
        ("echo_reference=false", "echo_reference", False),
        ("quota_status=0x45", "quota_status", 0x45),
        ("quota_status=69", "quota_status", 69),
        ("protocol_ids=0x40,65", "protocol_ids", (0x40, 65)),
        ("protocol_ids=none", "protocol_ids", ()),
        ("protocol_ids=", "protocol_ids", ()),
    ],
)
def test_a_word_sets_one_field(word: str, name: str, value: object) -> None:
    profile = with_words(EsmeProfile(reply_path=True, max_receivers=3, protocol_ids=(1,)), [word])
    assert getattr(profile, name) == value
    assert profile.reply_path


@pytest.mark.parametrize(
    "word",
    [
        "alphabet",
        "alphabet=klingon",
        "nothing=1",
        "=1",
        "",
        "utc_offset_min=7",
        "utc_offset_min=900",
        "utc_offset_min=none",
        "priority=perhaps",
        "quota_status=0",
        "quota_status=x",
        "receipt_retry_s=0",
        "receipt_retry_s=soon",
        "protocol_ids=256",
        "protocol_ids=0x40,x",
        "max_receivers=-1",
    ],
)
def test_any_other_word_is_refused(word: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        with_words(USUAL, [word])
    _, _, value = word.partition("=")
    assert not value or value not in str(refused.value).split()


def test_what_is_stored_is_read_again_and_older_settings_have_the_usual_one() -> None:
    profile = EsmeProfile(alphabet="latin1", protocol_ids=(0x40,), quota_status=0x45)
    stored = stored_form(EsmeSettings(profile=profile))
    assert esme_settings(stored).profile == profile
    assert esme_settings(b"{}").profile == USUAL
    assert msgspec.json.decode(stored)["profile"] == {
        "alphabet": "latin1",
        "protocol_ids": [0x40],
        "quota_status": 0x45,
    }


def test_every_field_has_a_default() -> None:
    assert EsmeProfile() == USUAL
    assert len(NAMES) > 10
