"""Every refusal has a number of Twilio's, and no answer looks like another kind of error."""

import msgspec
import pytest

from gateway.http_api.facades.twilio.words import WORDS, fault_view
from gateway.model.refusals import KINDS, Refusal


@pytest.mark.parametrize("code", list(KINDS))
def test_every_kind_is_answered(code: str) -> None:
    view = msgspec.to_builtins(fault_view(WORDS.of(Refusal(code))))
    assert set(view) == {"code", "message", "more_info", "status"}
    assert type(view["code"]) is int
    assert view["message"]
    assert 400 <= view["status"] <= 503
    assert view["more_info"].endswith(f"/{view['code']}")


@pytest.mark.parametrize(
    ("code", "field", "status", "number"),
    [
        ("unauthenticated", None, 401, 20003),
        ("not_found", None, 404, 20404),
        ("missing_field", "To", 400, 21604),
        ("missing_field", "From", 400, 21603),
        ("empty_field", "text", 400, 21602),
        ("invalid_number", "to", 400, 21211),
        ("sender_not_registered", "from", 400, 21606),
        ("text_too_long", "text", 400, 21617),
        ("suppressed", "to", 400, 21610),
        ("throughput_exceeded", None, 429, 20429),
        ("quota_exceeded", None, 429, 20429),
        ("body_too_large", None, 413, 20413),
        ("paused", None, 503, 20503),
        ("internal", None, 500, 20500),
        ("content_blocked", "text", 400, 20001),
        ("malformed_json", None, 400, 20001),
        ("not_final", None, 409, 20009),
        ("method_not_allowed", None, 405, 20004),
    ],
)
def test_what_programs_compare_with(code: str, field: str | None, status: int, number: int) -> None:
    found = WORDS.of(Refusal(code, field))
    assert (found.status, found.code) == (status, number)
