"""Requests to Jasmin, and what its version 0.11.1 answered to each; where the façade answers otherwise, that, too.

The answers of Jasmin were seen, and are seen again wherever it is installed (`test_facade_jasmin_beside.py`). An id is
written as `…`.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

Said = tuple[int, str, str]
"""Status, media type, body."""

PLAIN: Final = "text/plain"
JSON: Final = "application/json"
TAKEN: Final[Said] = 200, PLAIN, 'Success "…"'


class Case(NamedTuple):
    """query: with `{user}` and `{password}` in it. jasmin: what it answers. ours: where the façade answers otherwise.

    form: sent as the body of a POST, in that media type.
    """

    name: str
    query: str
    jasmin: Said = TAKEN
    ours: Said | None = None
    path: str = "/send"
    form: str = ""

    @property
    def here(self) -> Said:
        """What the façade answers."""
        return self.ours or self.jasmin


def error(text: str, status: int = 400) -> Said:
    return status, PLAIN, f'Error "{text}"'


def invalid(name: str, value: str) -> tuple[Said, Said]:
    """As Jasmin says it, and as the façade does, which repeats no value."""
    said = f"Argument [{name}] has an invalid value: "
    return error(f"{said}[{value}]."), error(f"{said}[•].")


WHO: Final = "username={user}&password={password}"
TO: Final = "to=966500000078"
SHORT: Final = f"{WHO}&{TO}&from=INTERKEY"
USUAL: Final = f"{SHORT}&content=hello"
ARABIC: Final = "%D9%85%D8%B1%D8%AD%D8%A8%D8%A7"
ABSENT: Final = "content or hex-content not present."
STRANGER: Final = "Authentication failure for username:{user}", "Authentication failure for username:•"


MANDATORY: Final = "Mandatory arguments not found, please refer to the HTTPAPI specifications."
NO_USER: Final = "Mandatory argument [username] is not found."


def _json(text: str, status: int = 400) -> Said:
    return status, JSON, f'"{text}"'


def _rate(parts: int) -> Said:
    return 200, JSON, f'{{"unit_rate":0.0,"submit_sm_count":{parts}}}'


def _wrong() -> list[Case]:
    """A value that is none, for each argument that has a form."""
    rows: Sequence[tuple[str, str]] = (
        ("priority", "9"),
        ("coding", "11"),
        ("dlr-url", "ftp://x"),
        ("dlr-level", "4"),
        ("dlr-method", "PUT"),
        ("dlr", "maybe"),
        ("tags", "a_b"),
        ("validity-period", "x"),
        ("sdt", "x"),
    )
    return [Case(f"{name} {value}", f"{USUAL}&{name}={value}", *invalid(name, value)) for name, value in rows]


CASES: Final[Sequence[Case]] = (
    Case("usual", USUAL),
    Case("plus", f"{WHO}&to=%2B966500000078&from=INTERKEY&content=hello"),
    Case("arabic", f"{SHORT}&content={ARABIC}"),
    Case("UCS-2", f"{SHORT}&hex-content=06450631&coding=8"),
    Case("octets", f"{SHORT}&hex-content=0102ff&coding=4"),
    Case("long", f"{SHORT}&content={'x' * 700}"),
    Case("no sender", f"{WHO}&{TO}&content=hello"),
    Case("priority", f"{USUAL}&priority=3"),
    Case("validity", f"{USUAL}&validity-period=60"),
    Case("schedule", f"{USUAL}&sdt=000000001000000R"),
    Case("tags", f"{USUAL}&tags=a,b-1"),
    Case("report", f"{USUAL}&dlr=yes"),
    Case("level", f"{USUAL}&dlr-level=3"),
    Case("form", "", form=USUAL),
    Case("empty text", f"{SHORT}&content=", ours=error(ABSENT)),
    Case("no user", f"password={{password}}&{TO}&content=x", error(NO_USER)),
    Case("no password", f"username={{user}}&{TO}&content=x", error("Mandatory argument [password] is not found.")),
    Case("no receiver", f"{WHO}&from=INTERKEY&content=x", error("Mandatory argument [to] is not found.")),
    Case(
        "wrong password",
        f"username={{user}}&password=x&{TO}&content=x",
        error(STRANGER[0], 403),
        error(STRANGER[1], 403),
    ),
    Case("unknown", f"{USUAL}&canary=1", error("Argument [canary] is unknown."), error("Argument [•] is unknown.")),
    Case("receiver", f"{WHO}&to=abc&from=INTERKEY&content=x", *invalid("to", "abc")),
    Case("empty receiver", f"{WHO}&to=&from=INTERKEY&content=x", *invalid("to", "")),
    Case(
        "both",
        f"{USUAL}&hex-content=00",
        error("content and hex-content cannot be used both in same request."),
    ),
    Case("neither", SHORT, error(ABSENT)),
    Case(
        "odd octets",
        f"{SHORT}&hex-content=0",
        error("Invalid hex-content data: 'b'0''"),
        error("Argument [hex-content] has an invalid value: [•]."),
    ),
    *_wrong(),
    Case("ping", "", (200, "text/html", "Jasmin/PONG"), path="/ping"),
    Case("balance", WHO, (200, JSON, '{"balance":"ND","sms_count":"ND"}'), path="/balance"),
    Case("balance of nobody", "", _json(MANDATORY), _json(NO_USER), path="/balance"),
    Case(
        "balance of a stranger",
        "username={user}&password=x",
        _json(STRANGER[0], 403),
        _json(STRANGER[1], 403),
        path="/balance",
    ),
    Case("rate", USUAL, _rate(1), path="/rate"),
    Case("rate without a text", SHORT, _rate(1), path="/rate"),
    Case("rate of a long text", f"{SHORT}&content={'x' * 200}", _rate(2), path="/rate"),
    Case("rate of nobody", "", _json("Mandatory argument [to] is not found."), _json(NO_USER), path="/rate"),
)
