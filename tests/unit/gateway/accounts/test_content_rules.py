"""What is done about personal data in a text, by the customer's own rules."""

import pytest

from config.settings import MessageSettings
from gateway.accept.validation import Validator
from gateway.accounts.content_rules import ContentAction, ContentRules, enforce, parse_rules
from gateway.http_api.views import accepted_view
from gateway.model.refusals import Refusal
from operators.smpp.segments import plan
from redaction.detect import Kind
from redaction.personal import Purpose
from tests.contract.records import a_message
from tests.unit.gateway.road import a_request, an_api_key

IBAN = "SA0380000000608010167519"
TEXT = f"Send it to {IBAN} or call 0512345678"
MASKED = "Send it to [iban] or call 0512345678"
WARN, MASK, BLOCK = ContentAction.WARN, ContentAction.MASK, ContentAction.BLOCK


@pytest.mark.parametrize(
    ("rules", "text", "warnings"),
    [
        ({}, TEXT, ()),
        ({Kind.CARD: BLOCK}, TEXT, ()),
        ({Kind.IBAN: WARN}, TEXT, ("contains_iban",)),
        ({Kind.MOBILE: WARN, Kind.IBAN: WARN}, TEXT, ("contains_iban", "contains_mobile")),
        ({Kind.IBAN: MASK}, MASKED, ("masked_iban",)),
        ({Kind.IBAN: MASK, Kind.MOBILE: WARN}, MASKED, ("masked_iban", "contains_mobile")),
    ],
)  # fmt: skip
def test_a_text_is_watched_or_masked_by_kind(rules: ContentRules, text: str, warnings: tuple[str, ...]) -> None:
    assert enforce(rules, TEXT) == (text, warnings)


def test_a_text_is_blocked_with_a_stable_code_and_without_the_value() -> None:
    with pytest.raises(Refusal) as refused:
        enforce({Kind.IBAN: BLOCK, Kind.MOBILE: MASK}, TEXT)
    assert (refused.value.code, refused.value.field, refused.value.kind.http) == ("content_blocked", "text", 422)
    assert IBAN not in repr(refused.value)


@pytest.mark.parametrize(
    "text", ["reference 1000000008", "tracking4111 1111 1111 1111x", "SA03.8000.0000.6080.1016.7519"]
)
def test_what_is_blocked_is_looked_for_by_its_check_digits_alone(text: str) -> None:
    with pytest.raises(Refusal, match="content_blocked"):
        enforce({Kind.IBAN: BLOCK, Kind.CARD: BLOCK, Kind.NATIONAL_ID: BLOCK}, text)


def test_what_is_masked_needs_a_word_beside_a_number_that_may_be_any() -> None:
    assert enforce({Kind.NATIONAL_ID: MASK}, "reference 1000000008") == ("reference 1000000008", ())


def test_a_part_that_cannot_be_changed_is_blocked_where_it_would_be_masked() -> None:
    with pytest.raises(Refusal, match="content_blocked"):
        enforce({Kind.IBAN: MASK}, TEXT, changeable=False)
    assert enforce({Kind.IBAN: WARN}, TEXT, changeable=False) == (TEXT, ("contains_iban",))


def test_rules_are_told_in_words_and_taken_away_again() -> None:
    rules = parse_rules(["iban=mask", "card=block"], {Kind.MOBILE: WARN})
    assert rules == {Kind.MOBILE: WARN, Kind.IBAN: MASK, Kind.CARD: BLOCK}
    assert parse_rules(["iban=off", "email=off"], rules) == {Kind.MOBILE: WARN, Kind.CARD: BLOCK}


@pytest.mark.parametrize("word", ["iban", "iban=", "iban=hide", "passport=mask", "=mask", ""])
def test_other_words_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match="kinds are iban, card"):
        parse_rules([word], {})


def test_the_validator_sends_the_masked_text_and_counts_its_segments() -> None:
    validator = Validator(MessageSettings(), plan, lambda _url: True)
    long = f"{'x' * 150} {IBAN}"
    submission = validator.check(an_api_key(content={Kind.IBAN: MASK}), a_request(text=long), 0)
    assert submission.text.reveal(Purpose.ACCEPT) == f"{'x' * 150} [iban]"
    assert submission.segments == 1
    assert submission.warnings == ("masked_iban",)
    assert validator.check(an_api_key(), a_request(text=long), 0).segments == 2


def test_the_answer_tells_of_what_was_found_and_says_nothing_otherwise() -> None:
    assert accepted_view(a_message(warnings=("contains_iban",)), "").warnings == ("contains_iban",)
    assert not accepted_view(a_message(), "").warnings
