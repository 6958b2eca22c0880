"""What an entry of the audit log holds, and that nothing else gets in."""

import itertools
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from gateway.audit.actor import COMMAND_LINE, NODE, Actor, ActorKind
from gateway.audit.acts import RULES, Act
from gateway.audit.entries import LONGEST, BadEntry, Commitment, commitment, entry, named, read_entry
from gateway.people.roles import Role

NOW_MS = 1_796_004_800_123
ADMIN = Actor(ActorKind.PERSON, "usr_0123456789abcdef")
CANARIES = (
    "966501234567",
    "+966501234567",
    "501234567",
    "+96650•••67",
    "Fatimah Al-Harbi",
    "fatimah",
    "فاطمة",
    "fatimah@example.sa",
    "Your code is 4711",
    "cus_966501234567",
    "usr_fatimah",
    "key_fatimah!",
    "ok966501234567",
    "refused:fatimah",
    "refused:966501234567",
)


def example(act: Act) -> dict[str, Any]:
    """As much as an entry of this act may say."""
    rule = RULES[act]
    ids = {"": "", "key": "key_0123abcd"}
    return {
        "obj": ids.get(rule.objects[0], f"{rule.objects[0]}_{'0f' * 8}"),
        "customer": "cus_00112233445566ff",
        "why": commitment(b"\1" * 16, "because"),
        "second": "usr_ffffffffffffffff",
        "what": min(rule.words, default=""),
        "intent": "0123456789abcdef",
        "numbers": dict.fromkeys(rule.numbers, 4711),
        "digests": {name: sha256(name.encode()).digest() for name in rule.digests},
    }


def made(act: Act, said: Mapping[str, Any], *, actor: Actor = ADMIN, result: str = "ok") -> bytes:
    rest = {name: value for name, value in said.items() if name != "obj"}
    return entry(act, actor, said["obj"], now_ms=NOW_MS, result=result, **rest)


@pytest.mark.parametrize("act", Act, ids=lambda act: act.value)
def test_the_longest_entry_of_each_act_is_canonical_and_read_again(act: Act) -> None:
    octets = made(act, example(act), result="refused:unavailable")
    fields = read_entry(octets)
    assert len(octets) <= LONGEST
    assert msgspec.json.encode(fields, order="sorted") == octets
    assert (fields["t"], fields["act"]) == ("2026-11-30T02:13:20.123Z", act.value)


def test_a_word_may_be_a_member_of_an_enumeration() -> None:
    who = {"obj": "usr_0123456789abcdef", "what": Role.SUPPORT}
    assert read_entry(made(Act.ROLE_GRANT, who)) == read_entry(made(Act.ROLE_GRANT, who | {"what": "support"}))


def test_every_act_has_a_rule() -> None:
    assert set(RULES) == set(Act)


def spoiled(act: Act, canary: str) -> Iterator[dict[str, Any]]:
    """The example, with a canary in each argument in turn: as it is, and among what is allowed."""
    good = example(act)
    for name in ("obj", "customer", "second", "what", "intent"):
        yield good | {name: canary}
        yield good | {name: f"{good[name]}{canary}"}
    for octets in (canary.encode(), canary.encode().ljust(32, b" ")[:32]):
        yield good | {"why": octets}
        yield good | {"digests": dict.fromkeys((*RULES[act].digests, canary), octets)}
    yield good | {"numbers": {canary: 1}}
    for value in (canary, float("1e300"), -1, 966501234567 << 20):
        yield good | {"numbers": {"messages": value}}
        yield good | {"numbers": dict.fromkeys(RULES[act].numbers or ("messages",), value)}


@pytest.mark.policy("P-26")
@pytest.mark.parametrize("act", Act, ids=lambda act: act.value)
def test_no_canary_gets_in_by_any_argument_of_any_act(act: Act) -> None:
    for canary in CANARIES:
        for said in spoiled(act, canary):
            with pytest.raises(BadEntry) as refused:
                made(act, said)
            assert canary not in str(refused.value)
        for kind in ActorKind:
            with pytest.raises(BadEntry):
                made(act, example(act), actor=Actor(kind, canary))
        with pytest.raises(BadEntry):
            made(act, example(act), result=canary)


def test_digests_of_other_lengths_are_refused() -> None:
    for octets in (b"", b"966501234567", bytes(31), bytes(33)):
        with pytest.raises(BadEntry):
            entry(Act.SETTINGS_RELOAD, NODE, "", now_ms=NOW_MS, digests={"before": octets})


def test_a_commitment_is_salted_and_made_in_one_way() -> None:
    made = commitment(b"\7" * 16, "غير مسموح")
    assert made == sha256(b"\7" * 16 + "غير مسموح".encode()).digest()
    assert isinstance(made, Commitment)
    with pytest.raises(BadEntry):
        commitment(b"short", "text")


def test_an_actor_has_an_id_of_its_own_kind() -> None:
    of_key = Actor(ActorKind.KEY, "key_01234567")
    for actor in (COMMAND_LINE, NODE, ADMIN, of_key, Actor(ActorKind.NODE, named("node", "n1"))):
        assert entry(Act.ACCEPTING, actor, "", now_ms=NOW_MS, what="on")
    for kind, other in itertools.product(ActorKind, ("cus_0123456789abcdef", "op_0123456789abcdef", "person")):
        with pytest.raises(BadEntry):
            entry(Act.ACCEPTING, Actor(kind, other), "", now_ms=NOW_MS)
    with pytest.raises(BadEntry):
        entry(Act.ACCEPTING, Actor(ActorKind.PERSON), "", now_ms=NOW_MS)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"act":"dispatch","actor":{"kind":"node"},"res":"ok","t":"2026-11-30T02:13:20.123Z","v":2}',
        b'{"act":"dispatch","actor":{"kind":"node"},"res":"ok","t":"2026-11-30T02:13:20.123Z","v":1} ',
        b'{"v":1,"act":"dispatch","actor":{"kind":"node"},"res":"ok","t":"2026-11-30T02:13:20.123Z"}',
        b'{"act":"dispatch","actor":{"kind":"node"},"res":"ok","t":"2026-11-30","v":1}',
        b'{"act":"unheard.of","actor":{"kind":"node"},"res":"ok","t":"2026-11-30T02:13:20.123Z","v":1}',
        b'{"act":"dispatch","actor":{"kind":"node"},"n":{},"res":"ok","t":"2026-11-30T02:13:20.123Z","v":1}',
        b'{"act":"dispatch","actor":{"kind":[]},"res":"ok","t":"2026-11-30T02:13:20.123Z","v":1}',
        b'{"act":["dispatch"],"actor":{"kind":"node"},"res":"ok","t":"2026-11-30T02:13:20.123Z","v":1}',
        b'{"act":"dispatch","actor":"node","res":"ok","t":"2026-11-30T02:13:20.123Z","v":1}',
        b'{"act":"dispatch","actor":{"kind":"node"},"note":"x","res":"ok","t":"2026-11-30T02:13:20.123Z","v":1}',
    ],
)
def test_what_is_not_as_it_is_written_is_no_entry(octets: bytes) -> None:
    with pytest.raises(BadEntry):
        read_entry(octets)
