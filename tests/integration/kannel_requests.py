"""Requests to sendsms, and what Kannel 1.4.5 of Debian answered to each; where the façade answers otherwise, that, too.

The answers of Kannel were seen, and are seen again wherever it is installed (`test_facade_kannel_beside.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

TAKEN: Final = 202, "0: Accepted for delivery"
STRANGER: Final = 403, "Authorization failed for sendsms"
DENIED: Final = 400, "Number(s) has/have been denied by white- and/or black-lists."
BODY: Final = 400, "Charset or body misformed, rejected"
MEDIA: Final = 400, "Invalid content-type"
METHOD: Final = 405, "Method not allowed"

Said = tuple[int, str]


class Case(NamedTuple):
    """query: with `{user}` and `{password}` in it. kannel: status and body. ours: where they are others."""

    name: str
    query: str
    kannel: Said = TAKEN
    ours: Said | None = None
    method: str = "GET"
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def here(self) -> Said:
        """What the façade answers."""
        return self.ours or self.kannel


WHO: Final = "username={user}&password={password}"
TO: Final = "to=%2B966512345678"
REST: Final = "from=INTERKEY&text=hello"
SHORT: Final = f"{WHO}&{TO}&from=INTERKEY"
USUAL: Final = f"{WHO}&{TO}&{REST}"
ARABIC: Final = "%D9%85%D8%B1%D8%AD%D8%A8%D8%A7"
HEADERS: Final[Mapping[str, str]] = {
    "X-Kannel-Username": "{user}",
    "X-Kannel-Password": "{password}",
    "X-Kannel-To": "+966512345678",
    "X-Kannel-From": "INTERKEY",
}


def _misformed(name: str) -> Said:
    return 400, f"{name} field misformed, rejected"


def _ranges() -> list[Case]:
    """Numbers at their bounds and beyond."""
    rows: Sequence[tuple[str, str, str, str]] = (
        ("coding", "Coding", "0", "3"),
        ("mclass", "MClass", "1", "4"),
        ("mwi", "MWI", "3", "8"),
        ("alt-dcs", "Alt-DCS", "1", "2"),
        ("compress", "Compress", "1", "2"),
        ("rpi", "RPI", "2", "3"),
        ("pid", "PID", "0", "256"),
        ("validity", "Validity", "60", "-5"),
        ("deferred", "Deferred", "10", "-5"),
        ("priority", "Priority", "3", "9"),
        ("dlr-mask", "DLR-Mask", "31", "99"),
        ("dlrmask", "DLR-Mask", "0", "99"),
    )
    return [
        case
        for name, shown, good, bad in rows
        for case in (
            Case(f"{name} {good}", f"{USUAL}&{name}={good}"),
            Case(f"{name} {bad}", f"{USUAL}&{name}={bad}", _misformed(shown)),
            Case(f"{name} in letters", f"{USUAL}&{name}=abc"),
        )
    ]


CASES: Final[tuple[Case, ...]] = (
    Case("usual", USUAL),
    Case("user and pass", f"user={{user}}&pass={{password}}&{TO}&{REST}"),
    Case("no credentials", f"{TO}&{REST}", STRANGER),
    Case("no password", f"username={{user}}&{TO}&{REST}", STRANGER),
    Case("a wrong password", f"username={{user}}&password=wrong&{TO}&{REST}", STRANGER),
    Case("an unknown user", f"username=nobody&password={{password}}&{TO}&{REST}", STRANGER),
    Case("nothing at all", "", STRANGER),
    Case("no to", f"{WHO}&{REST}", (400, "Missing receiver number, rejected")),
    Case("an empty to", f"{WHO}&to=&{REST}", (400, "Empty receiver number not allowed, rejected")),
    Case("no to and no from", f"{WHO}&text=hello", (400, "Missing receiver number, rejected")),
    Case("letters in to", f"{WHO}&to=abc&{REST}", DENIED),
    Case("letters and a number in to", f"{WHO}&to=abc+%2B966512345678&{REST}", ours=DENIED),
    Case("a plus that is not encoded", f"{WHO}&to=+966512345678&{REST}"),
    Case("no plus", f"{WHO}&to=966512345678&{REST}"),
    Case("two receivers", f"{WHO}&to=%2B966512345678+%2B966512345679&{REST}"),
    Case("dashes in to", f"{WHO}&to=%2B966-51-2345678&{REST}"),
    Case("digits that are no number", f"{WHO}&to=1&{REST}", ours=DENIED),
    Case("an unknown sender", f"{WHO}&{TO}&from=OTHER&text=hello", ours=(403, "Sender denied")),
    Case("an empty from", f"{WHO}&{TO}&from=&text=hello", (400, "Sender missing and no global set, rejected"), TAKEN),
    Case("no text", SHORT, ours=BODY),
    Case("an empty text", f"{SHORT}&text=", ours=BODY),
    Case("arabic and coding 2", f"{SHORT}&charset=UTF-8&coding=2&text={ARABIC}"),
    Case("arabic without a coding", f"{SHORT}&text={ARABIC}"),
    Case("octets of utf-16", f"{SHORT}&coding=2&text=%06%45%06%31"),
    Case("latin-1", f"{SHORT}&charset=ISO-8859-1&text=caf%E9"),
    Case("an unknown charset", f"{SHORT}&charset=none-such&text=caf%E9", BODY),
    Case("what is not in its charset", f"{SHORT}&charset=UTF-8&text=caf%E9", ours=BODY),
    Case("octets", f"{SHORT}&coding=1&text=%00%FF"),
    Case("coding 9", f"{USUAL}&coding=9", _misformed("Coding")),
    Case("coding -1 is none", f"{USUAL}&coding=-1"),
    Case("a header and octets", f"{SHORT}&udh=%06%05%04%0B%84%23%F0&text=%01%02"),
    Case("a header that is none", f"{USUAL}&udh=%05x", _misformed("UDH")),
    Case("a header beyond a message", f"{USUAL}&udh={'x' * 141}", _misformed("UDH")),
    *_ranges(),
    Case("flash", f"{USUAL}&flash=0"),
    Case("flash 4", f"{USUAL}&flash=4", ours=_misformed("MClass")),
    Case("a silent message", f"{USUAL}&pid=64", ours=_misformed("PID")),
    Case("a mask with rubbish", f"{USUAL}&dlr-mask=3abc"),
    Case("a url of no web", f"{USUAL}&dlr-mask=31&dlr-url=ftp%3A%2F%2Fshop.example.sa%2F", _misformed("DLR-URL")),
    Case("a url without a mask", f"{USUAL}&dlr-url=https%3A%2F%2Fshop.example.sa%2F%3Fd%3D%25d"),
    Case("an account", f"{USUAL}&account=shop"),
    Case("an account of 70", f"{USUAL}&account={'x' * 70}", (400, "Account field misformed or too long, rejected")),
    Case("brackets", f"{USUAL}&account=%5Bshop%5D", (400, "Account field misformed or too long, rejected")),
    Case("unknown parameters", f"{USUAL}&unknown=1&smsc=none&binfo=x&meta-data=%3Fsmpp%3Fa%3Db"),
    Case("a form", "", MEDIA, TAKEN, "POST", {"Content-Type": "application/x-www-form-urlencoded"}, USUAL.encode()),
    Case("json", "", MEDIA, None, "POST", {"Content-Type": "application/json"}, b"{}"),
    Case("a text behind headers", "", TAKEN, None, "POST", {**HEADERS, "Content-Type": "text/plain"}, b"hello"),
    Case(
        "octets behind headers",
        "",
        TAKEN,
        None,
        "POST",
        {**HEADERS, "Content-Type": "application/octet-stream", "X-Kannel-UDH": "06050400030201"},
        b"hello",
    ),
    Case(
        "headers and a wrong password",
        "",
        STRANGER,
        None,
        "POST",
        {**HEADERS, "X-Kannel-Password": "wrong", "Content-Type": "text/plain"},
        b"hello",
    ),
    Case("a query in a post", USUAL, STRANGER, TAKEN, "POST"),
    Case("a look at the head", USUAL, (202, ""), (405, ""), "HEAD"),
    Case("another method", USUAL, (400, ""), METHOD, "PUT"),
)
