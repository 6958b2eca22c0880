"""What rows of a person mean for one message."""

import pytest

from gateway.consent.judgement import MISSING, SUPPRESSED, WITHDRAWN, judge
from gateway.consent.purposes import (
    ALL,
    consent_word,
    is_option,
    purpose_and_option,
    purpose_scope,
    scope_of,
    sender_scope,
)
from gateway.consent.rows import (
    CONSENT_KEPT_MS,
    SOFT_MS,
    Consent,
    Means,
    Proof,
    Source,
    Suppression,
    consent_from,
    consent_row,
    suppression_from,
    suppression_row,
)
from gateway.ledger.permissions import Permission
from gateway.model.verdict import Verdict

NOW = 1_800_000_000_000
TOKEN = b"\x00\xff" * 8
PROMOTIONAL, AWARENESS = "promotional", "awareness"


def given(purpose: str = PROMOTIONAL, option: str = "", at_ms: int = NOW - 10, withdrawn_ms: int = 0) -> Permission:
    proof = Proof(given_ms=at_ms, withdrawn_ms=withdrawn_ms, withdrawn_by="web" if withdrawn_ms else "")
    return consent_row(7, TOKEN, Consent(purpose=purpose, option=option, proof=proof))


def stopped(scope: str, until_ms: int = 0) -> Permission:
    suppression = Suppression(scope=scope, source=Source.LINK, since_ms=NOW - 5, until_ms=until_ms)
    return suppression_row(7, TOKEN[:8], suppression)


CASES: dict[str, tuple[list[Permission], list[Permission], Verdict | None]] = {
    "nothing is known": ([], [], MISSING),
    "given": ([given()], [], None),
    "given for another purpose": ([given(AWARENESS)], [], MISSING),
    "given for this sender": ([given(option="INTERKEY")], [], None),
    "given for another sender": ([given(option="OTHER")], [], MISSING),
    "withdrawn": ([given(withdrawn_ms=NOW - 1)], [], WITHDRAWN),
    "given, then withdrawn for this sender": (
        [given(), given(option="INTERKEY", at_ms=NOW - 9, withdrawn_ms=NOW - 1)],
        [],
        WITHDRAWN,
    ),
    "withdrawn, then given for this sender": (
        [given(withdrawn_ms=NOW - 5), given(option="INTERKEY", at_ms=NOW - 1)],
        [],
        None,
    ),
    "given and withdrawn at one time": (
        [given(at_ms=NOW - 5), given(option="INTERKEY", withdrawn_ms=NOW - 5)],
        [],
        WITHDRAWN,
    ),
    "given too long ago": ([given(at_ms=NOW - CONSENT_KEPT_MS)], [], MISSING),
    "everything is stopped": ([given()], [stopped(ALL)], SUPPRESSED),
    "this purpose is stopped": ([given()], [stopped(purpose_scope(PROMOTIONAL))], SUPPRESSED),
    "another purpose is stopped": ([given()], [stopped(purpose_scope(AWARENESS))], None),
    "this sender is stopped": ([given()], [stopped(sender_scope("interkey"))], SUPPRESSED),
    "another sender is stopped": ([given()], [stopped(sender_scope("OTHER"))], None),
    "a soft one stands": ([given()], [stopped(ALL, NOW + SOFT_MS)], SUPPRESSED),
    "a soft one is over": ([given()], [stopped(ALL, NOW)], None),
}


@pytest.mark.policy("P-14")
@pytest.mark.parametrize("case", CASES)
def test_what_rows_mean_for_a_promotional_message(case: str) -> None:
    consents, suppressions, expected = CASES[case]
    verdict, by = judge(consents, suppressions, PROMOTIONAL, "INTERKEY", NOW)
    assert verdict == expected
    assert (by is None) == (verdict is not None)


def test_rows_come_back_as_they_were_made() -> None:
    proof = Proof(
        channel="sms",
        given_ms=NOW,
        means=Means.PAPER,
        wording=b"\xff" * 16,
        evidence=b"\x00" * 32,
        prior=True,
        file=b"file",
        withdrawn_ms=NOW + 1,
        withdrawn_by="sms",
    )
    consent = Consent(purpose=AWARENESS, option="bank", proof=proof)
    row = consent_row(7, TOKEN, consent)
    assert consent_from(row) == consent
    assert (row.stands_in_the_way, row.changed_ms, row.ends_ms) == (True, NOW + 1, NOW + 1 + CONSENT_KEPT_MS)
    suppression = Suppression(scope=ALL, source=Source.OPERATOR, since_ms=NOW, until_ms=NOW + SOFT_MS)
    assert suppression_from(suppression_row(7, TOKEN[:8], suppression)) == suppression


def test_words_of_scopes_and_options_have_one_spelling() -> None:
    assert purpose_and_option(consent_word(PROMOTIONAL, " Bank ")) == (PROMOTIONAL, "bank")
    assert purpose_and_option(consent_word(PROMOTIONAL)) == (PROMOTIONAL, "")
    assert consent_word(PROMOTIONAL, "+966512345678") == consent_word(PROMOTIONAL, "00966512345678")
    assert [scope_of(each) for each in ("all", "purpose:awareness", "sender:BANK")] == [
        ALL,
        purpose_scope(AWARENESS),
        sender_scope("bank"),
    ]
    assert {scope_of(each) for each in ("", "ALL", "sender:", "purpose:otp", "purpose:", "x")} == {None}
    assert [is_option(each) for each in ("", "عروض", "a" * 32, "a" * 33, " ", "a\0b")] == [True] * 3 + [False] * 3
