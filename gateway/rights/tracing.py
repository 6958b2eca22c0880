"""What the records of messages hold about people: found by the pseudonyms that can still be made, or were answered.

A few people are looked for among their customers' records; many in one walk of the ledger from end to end, however
many they are: their pseudonyms are made for each customer, tag and epoch that the walk comes to.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import msgspec

from gateway.keystore.keyring import Keyring
from gateway.ledger.roles import Copies, Messages
from gateway.model.message import Message
from gateway.retention.erasure import places_of
from gateway.retention.policies import RetentionPolicies
from gateway.rights.subjects import NO_ANSWER, Answer, DataSubject
from redaction.epoch_secrets import SEARCH
from redaction.errors import KeysWithheld
from redaction.keys import KeyState, Place
from redaction.pseudonymise import leaf_of_pseudonym, names_of_many
from redaction.retention import RetentionTag
from redaction.sealed import Pseudonym
from redaction.search_epochs import begins_ms, epoch_of

FEW: Final = 8
"""People that are looked for among their customers' records; more go with a walk."""
MOST: Final = 100_000
"""Records that are found by pseudonyms at once; more go with a walk."""
STEP: Final = 2_000
"""Messages of a walk that are read at once."""
AT_HAND: Final = 2_000_000
"""Pseudonyms that a walk keeps at hand; each takes some hundred octets."""


class Passed(msgspec.Struct):
    """What went to one operator: how many messages, and when the first and the last of them was submitted."""

    messages: int = 0
    first_ms: int = 0
    last_ms: int = 0

    def add(self, submitted_ms: int) -> None:
        self.first_ms = min(self.first_ms or submitted_ms, submitted_ms)
        self.last_ms = max(self.last_ms, submitted_ms)
        self.messages += 1


class Trace(msgspec.Struct):
    """Of one person at one customer. ids: of its messages. places: leaves under which something may be sealed, in any
    copy. passed: by operator, what was disclosed to it. subject: None for people whose pseudonyms were answered.
    """

    customer: int
    subject: DataSubject | None
    ids: list[bytes] = []
    places: set[Place] = set()
    passed: dict[str, Passed] = {}

    def __repr__(self) -> str:
        return "Trace(•••)"


class Named(msgspec.Struct, frozen=True):
    """A message, whose it is, and the leaf under which earlier versions sealed its person's content."""

    message: Message
    trace: Trace
    former: int


class Tracer:
    """Reads; nothing is changed."""

    def __init__(self, messages: Messages, copies: Copies, keyring: Keyring, policies: RetentionPolicies) -> None:
        self._messages = messages
        self._copies = copies
        self._keyring = keyring
        self._policies = policies

    async def trace(
        self,
        subjects: Sequence[DataSubject],
        answer: Answer = NO_ANSWER,
        told: Callable[[int], None] = lambda _: None,
    ) -> list[Trace]:
        """Of everybody, in the order asked, those whose pseudonyms were answered last; also of whom there is nothing.

        told: called with how many messages a walk has come past. Raises LedgerUnavailable and KeysWithheld.
        """
        traces = [Trace(each.customer, each) for each in subjects]
        traces += [Trace(customer, None) for customer in answer.pseudonyms]
        async for found in self._rows(traces, answer, told):
            for each in found:
                self._note(each)
            await asyncio.sleep(0)
        return traces

    async def messages(self, subjects: Sequence[DataSubject], answer: Answer = NO_ANSWER) -> list[Message]:
        """All that these people have, in no order. Raises LedgerUnavailable and KeysWithheld."""
        traces = [Trace(each.customer, each) for each in subjects]
        traces += [Trace(customer, None) for customer in answer.pseudonyms]
        return [each.message async for found in self._rows(traces, answer, lambda _: None) for each in found]

    async def _rows(
        self, traces: Sequence[Trace], answer: Answer, told: Callable[[int], None]
    ) -> AsyncIterator[Sequence[Named]]:
        if sum(each.subject is not None for each in traces) <= FEW:
            names = self._names(traces, answer)
            owners = {customer for customer, _ in names}
            lists = [
                await self._messages.list_subject(owner, [name for each, name in names if each == owner], MOST)
                for owner in owners
            ]
            if all(len(each) < MOST for each in lists):
                for found in lists:
                    yield [Named(each, *names[each.customer, each.subject]) for each in found]
                return
        directory = Directory(self._keyring, self._policies, traces, answer)
        cursor, passed = None, 0
        while True:
            exported, cursor = await self._copies.messages(cursor, STEP)
            yield [each for each in map(directory.find, (it.message for it in exported)) if each is not None]
            passed += len(exported)
            told(passed)
            if cursor is None:
                return

    def _names(self, traces: Sequence[Trace], answer: Answer) -> dict[tuple[int, Pseudonym], tuple[Trace, int]]:
        """By customer and pseudonym."""
        names = dict[tuple[int, Pseudonym], tuple[Trace, int]]()
        for trace in traces:
            if trace.subject is None:
                leaves = {each: leaf_of_pseudonym(each) for each in answer.pseudonyms[trace.customer]}
            else:
                leaves = self._keyring.former_leaves(trace.customer, trace.subject.number)
            names |= {(trace.customer, name): (trace, leaf) for name, leaf in leaves.items()}
        return names

    def _note(self, named: Named) -> None:
        message, trace = named.message, named.trace
        trace.ids.append(message.id)
        former = {message.subject: named.former}
        trace.places |= places_of(self._keyring.state, message, self._policies, former)
        if message.disclosure:
            submitted_ms = message.accepted_ms if message.submitted_ms is None else message.submitted_ms
            trace.passed.setdefault(message.operator, Passed()).add(submitted_ms)


def places_in(state: KeyState, message: Message, policies: RetentionPolicies) -> set[Place]:
    """Every leaf under which something of a message may be sealed, if no version before sealed it."""
    return places_of(state, message, policies, {message.subject: leaf_of_pseudonym(message.subject)})


class Directory:
    """What many people are called, epoch by epoch as a walk comes to them: all epochs at once would fill the memory.

    Few epochs are at hand at once, the last ones that were asked for.
    """

    def __init__(self, keyring: Keyring, policies: RetentionPolicies, traces: Sequence[Trace], answer: Answer) -> None:
        self._keyring = keyring
        self._policies = policies
        self._people: dict[int, list[Trace]] = {}
        self._answered: dict[tuple[int, Pseudonym], Trace] = {}
        for trace in traces:
            if trace.subject is not None:
                self._people.setdefault(trace.customer, []).append(trace)
            else:
                self._answered |= {(trace.customer, each): trace for each in answer.pseudonyms[trace.customer]}
        self._tables: dict[tuple[int, RetentionTag, int], dict[Pseudonym, Trace]] = {}
        self._at_hand = max(2, AT_HAND // max(1, len(traces)))
        self._tagged_ms = leaves_since_ms(keyring.state)

    def find(self, message: Message) -> Named | None:
        """None for a message of somebody else. Raises KeysWithheld."""
        if message.customer in self._people:
            for begin_ms in self._begins(message):
                trace = self._table(message.customer, message.tag, epoch_of(begin_ms)).get(message.subject)
                if trace is not None:
                    return Named(message, trace, self._former(message, trace))
        trace = self._answered.get((message.customer, message.subject))
        return None if trace is None else Named(message, trace, leaf_of_pseudonym(message.subject))

    def _begins(self, message: Message) -> tuple[int, ...]:
        """When its content clock may have begun."""
        try:
            rule = self._policies.of(message.customer, message.tag)
        except KeyError:
            return (message.accepted_ms,)
        begin_ms = message.record_until_ms - rule.record_s * 1000
        if epoch_of(begin_ms) == epoch_of(message.accepted_ms) or begin_ms < message.accepted_ms:
            return (message.accepted_ms,)
        return (message.accepted_ms, begin_ms)

    def _table(self, customer: int, tag: RetentionTag, epoch: int) -> dict[Pseudonym, Trace]:
        name = (customer, tag, epoch)
        table = self._tables.pop(name, None)
        if table is None:
            people = self._people[customer]
            numbers = [each.subject.number for each in people if each.subject is not None]
            if not self._keyring.attended:
                raise KeysWithheld
            named = names_of_many(self._keyring.state, customer, numbers, tag, begins_ms(epoch))
            table = {name: trace for trace, names in zip(people, named, strict=True) for name in names}
            if len(self._tables) >= self._at_hand:
                del self._tables[next(iter(self._tables))]
        self._tables[name] = table
        return table

    def _former(self, message: Message, trace: Trace) -> int:
        """Another one than the pseudonym gives only of what versions before sealed."""
        if trace.subject is None or message.accepted_ms >= self._tagged_ms:
            return leaf_of_pseudonym(message.subject)
        return self._keyring.former_leaves(message.customer, trace.subject.number).get(
            message.subject, leaf_of_pseudonym(message.subject)
        )


def leaves_since_ms(state: KeyState) -> int:
    """From when on the pseudonym alone gives the leaf."""
    first = state.first_tagged(SEARCH)
    return 1 << 62 if first is None else begins_ms(first)
