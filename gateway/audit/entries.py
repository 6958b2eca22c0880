"""One entry of the audit log: a line of canonical JSON that says who did what to which object, and nothing personal.

The log never forgets, so an entry holds random ids, words of closed lists, counts and digests. A pseudonym, a mask, a
number of a person or free text cannot be put into one: every value has a form, and what does not fit it is refused
(`BadEntry`). A reason in words lies in the ledger, under a tag, with a salt; the entry has `commitment(salt, text)`,
which says nothing once both are gone. Names of people leave with their accounts, names of operators and nodes stand
as `named` digests.
"""

import re
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from gateway.audit.actor import Actor, ActorKind
from gateway.audit.acts import REFUSALS, RULES, Act
from gateway.model.times import rfc3339

VERSION: Final = 1
LONGEST: Final = 1_024
"""Octets of an entry."""
SALT: Final = 16
"""Octets of a salt, at least."""
LARGEST: Final = (1 << 53) - 1
"""Of a count: what every reader of JSON takes as a whole number."""

_json: Final = msgspec.json.Encoder(order="sorted")
_reader: Final = msgspec.json.Decoder()
_ID: Final = re.compile(r"([a-z]{2,12})_(?:[0-9a-f]{16}|[0-9a-f]{32})", re.ASCII)
_KEY: Final = re.compile(r"(key)_[0-9a-f]{8}", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_RESULT: Final = re.compile(r"ok|intent|aborted|refused:(?:{})".format("|".join(sorted(REFUSALS))), re.ASCII)
_INTENT: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class BadEntry(ValueError):
    """Something cannot stand in the audit log. The text names the field and never the value."""


class Commitment(bytes):
    """To a text that lies elsewhere: 32 octets, made by `commitment`."""


def commitment(salt: bytes, text: str) -> Commitment:
    """SHA-256 of salt and text. The caller keeps both under a tag; the salt is random and for this text alone."""
    if len(salt) < SALT:
        raise BadEntry("a salt has 16 octets")
    return Commitment(sha256(salt + text.encode()).digest())


def named(kind: str, name: str) -> str:
    """The id of what has a name and no random id, such as an operator (`op`) or a node (`node`); of no person."""
    return f"{kind}_{sha256(f'{kind}:{name}'.encode()).hexdigest()[:16]}"


def known(kind: str, identifier: str) -> str:
    """The id itself, if it has the form of one; one of another form, of an earlier version say, stands as `named`."""
    return identifier if _kind(identifier) == kind else named(kind, identifier)


def entry(
    act: Act,
    actor: Actor,
    obj: str,
    *,
    now_ms: int,
    result: str = "ok",
    customer: str = "",
    why: bytes = b"",
    second: str = "",
    what: str = "",
    intent: str = "",
    numbers: Mapping[str, int] = {},
    digests: Mapping[str, bytes] = {},
) -> bytes:
    """The octets of one entry, at most `LONGEST` of them. Raises BadEntry.

    obj: id of what was changed, such as `cus_…` or `usr_…`; '' where the act allows none. result: `ok`, `intent` of an
    act that is to follow, `aborted`, or `refused:` and one of `gateway.audit.acts.REFUSALS`. customer: public id of the
    customer concerned. why: a `Commitment`, instead of the actor's. second: id of the person who consented. intent: 16
    hexadecimal digits that an intent and its outcome share. what, numbers, digests: as `gateway.audit.acts` lists them
    for the act; a digest is an SHA-256.
    """
    fields: dict[str, object] = {
        "v": VERSION,
        "t": rfc3339(now_ms),
        "act": act.value,
        "actor": {"kind": actor.kind.value} | ({"id": actor.id} if actor.id else {}),
        "res": result,
    }
    why = why or actor.why
    if why and not isinstance(why, Commitment):
        raise BadEntry("why: not a commitment")
    words = {"obj": obj, "customer": customer, "by2": second, "what": str(what), "intent": intent, "why": why.hex()}
    fields |= {name: value for name, value in words.items() if value}
    if numbers:
        fields["n"] = dict(numbers)
    if digests:
        fields["d"] = {name: each.hex() for name, each in digests.items()}
    return _encoded(fields)


def read_entry(octets: bytes) -> dict[str, Any]:
    """The fields of an entry, which is as `entry` writes them. Raises BadEntry."""
    try:
        fields = _reader.decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadEntry("entry: no JSON") from None
    if not isinstance(fields, dict) or _encoded(fields) != octets:
        raise BadEntry("entry: not canonical")
    return fields


def _encoded(fields: dict[str, Any]) -> bytes:
    _check(fields)
    octets = _json.encode(fields)
    if len(octets) > LONGEST:
        raise BadEntry("entry: too long")
    return octets


def _check(fields: Mapping[str, Any]) -> None:
    """Every key is known, and its value has the form of it. Raises BadEntry."""
    if not _ALWAYS <= fields.keys() <= _FORMS.keys():
        raise BadEntry("entry: unknown or missing keys")
    for name, value in fields.items():
        form = _FORMS[name]
        if form is not None and (value.__class__ is not str or form.fullmatch(value) is None):
            raise BadEntry(f"{name}: not of its form")
    if fields["v"] != VERSION or fields["v"].__class__ is not int:
        raise BadEntry("v: not this version")
    _check_actor(fields["actor"])
    _check_by_rule(fields)


def _check_by_rule(fields: Mapping[str, Any]) -> None:
    rule = _RULES.get(fields["act"])
    if rule is None:
        raise BadEntry("act: not on the list")
    if _kind(fields.get("obj", "")) not in rule.objects:
        raise BadEntry("obj: not an object of this act")
    for name, kind in (("customer", "cus"), ("by2", "usr")):
        if name in fields and _kind(fields[name]) != kind:
            raise BadEntry(f"{name}: not of its form")
    if "what" in fields and fields["what"] not in rule.words:
        raise BadEntry("what: not a word of this act")
    if "n" in fields:
        _check_table("n", fields["n"], rule.numbers, _is_count)
    if "d" in fields:
        _check_table("d", fields["d"], rule.digests, _is_digest)


def _check_table(name: str, table: object, allowed: frozenset[str], is_good: Callable[[object], bool]) -> None:
    if not isinstance(table, dict) or not table or not table.keys() <= allowed:
        raise BadEntry(f"{name}: not as this act allows")
    if not all(map(is_good, table.values())):
        raise BadEntry(f"{name}: not of its form")


def _check_actor(actor: object) -> None:
    if not isinstance(actor, dict) or not actor.keys() <= {"kind", "id"}:
        raise BadEntry("actor: not of its form")
    kind, identifier = actor.get("kind"), actor.get("id", "")
    kinds = _ACTORS.get(kind, ()) if isinstance(kind, str) else ()
    if _kind(identifier) not in kinds or ("id" in actor and not identifier):
        raise BadEntry("actor: not of its form")


_RULES: Final = {act.value: rule for act, rule in RULES.items()}
_ACTORS: Final[Mapping[str, tuple[str, ...]]] = {
    ActorKind.COMMAND_LINE.value: ("usr", ""),
    ActorKind.NODE.value: ("node", ""),
    ActorKind.PERSON.value: ("usr",),
    ActorKind.KEY.value: ("key",),
    ActorKind.TOKEN.value: ("token",),
}
"""With which word the id of an actor begins."""


def _kind(identifier: object) -> str | None:
    """With which word an id begins; None for what is none."""
    if identifier == "":
        return ""
    if not isinstance(identifier, str):
        return None
    found = _ID.fullmatch(identifier) or _KEY.fullmatch(identifier)
    return None if found is None else found[1]


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


_ANY_ID: Final = re.compile(rf"{_ID.pattern}|{_KEY.pattern}", re.ASCII)
_FORMS: Final[Mapping[str, re.Pattern[str] | None]] = {
    "v": None,
    "t": _TIME,
    "act": re.compile(r"[a-z_.]{1,40}", re.ASCII),
    "actor": None,
    "res": _RESULT,
    "obj": _ANY_ID,
    "customer": _ID,
    "by2": _ID,
    "what": re.compile(r"[a-z_]{1,40}", re.ASCII),
    "intent": _INTENT,
    "why": _DIGEST,
    "n": None,
    "d": None,
}
"""Of each key; None where it is checked by itself."""
_ALWAYS: Final = frozenset(("v", "t", "act", "actor", "res"))
