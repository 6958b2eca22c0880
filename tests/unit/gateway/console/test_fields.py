"""What was typed, and what the API is asked."""

import pytest

from gateway.console.fields import Field, Kind, Wrong, body_of


def one(kind: Kind, **more: object) -> Field:
    return Field(name="it", label="It", kind=kind, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        (one(Kind.TEXT), " a b ", "a b"),
        (one(Kind.LINES), "otp\r\n\r\n transactional ", ["otp", "transactional"]),
        (one(Kind.PAIRS), "stc=2\r\n mobily = 1", {"stc": 2, "mobily": 1}),
        (one(Kind.WHOLE), "-12", -12),
        (one(Kind.NUMBER), "0.5", 0.5),
        (one(Kind.TIME), "2026-12-01T08:30", "2026-12-01T08:30:00+03:00"),
        (one(Kind.TIME), "2026-12-01T08:30:00Z", "2026-12-01T08:30:00+00:00"),
        (one(Kind.CHOICE, choices=(("a", "A"),)), "a", "a"),
        (one(Kind.CHECK), "on", True),
        (one(Kind.CHECK), "", False),
        (one(Kind.WHOLE, is_needed=False, says_null=True), "", None),
    ],
)
def test_what_was_typed_becomes_what_the_api_takes(field: Field, typed: str, said: object) -> None:
    assert body_of([field], {"it": typed}) == {"it": said}


def test_an_empty_field_that_is_not_needed_says_nothing() -> None:
    assert body_of([one(Kind.TEXT, is_needed=False)], {"it": "  "}) == {}


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        (one(Kind.TEXT), ""),
        (one(Kind.TEXT, most=3), "four"),
        (one(Kind.PAIRS), "stc"),
        (one(Kind.PAIRS), "stc=many"),
        (one(Kind.WHOLE), "1.5"),
        (one(Kind.WHOLE), "١٢"),
        (one(Kind.NUMBER), "1e9"),
        (one(Kind.NUMBER), "nan"),
        (one(Kind.TIME), "tomorrow"),
        (one(Kind.CHOICE, choices=(("a", "A"),)), "zz"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_field(field: Field, typed: str) -> None:
    with pytest.raises(Wrong) as wrong:
        body_of([field], {"it": typed})
    assert wrong.value.why.keys() == {"it"}
    assert typed not in str(wrong.value) or not typed
