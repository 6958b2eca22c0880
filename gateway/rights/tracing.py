"""What the records of messages hold about people: found by the pseudonyms that can still be made, or were answered.

A few people are looked for among their customers' records; many in one walk of the ledger from end to end, however
many they are.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

import msgspec

from gateway.keystore.keyring import Keyring
from gateway.ledger.roles import Copies, Messages
from gateway.model.message import Message
from gateway.retention.erasure import places_of
from gateway.retention.policies import RetentionPolicies
from gateway.rights.subjects import NO_ANSWER, Answer, DataSubject
from redaction.keys import Place
from redaction.pseudonymise import leaf_of_pseudonym
from redaction.sealed import Pseudonym

FEW_NAMES: Final = 2_000
"""Pseudonyms that are looked for among one customer's records; more go with a walk."""
MOST: Final = 100_000
"""Records that are found by pseudonyms at once; more go with a walk."""
STEP: Final = 2_000
"""Messages of a walk that are read at once."""


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


class Names(msgspec.Struct, frozen=True):
    """former: by pseudonym, the leaf under which earlier versions sealed. owners: by customer and pseudonym, whose."""

    former: Mapping[Pseudonym, int]
    owners: Mapping[tuple[int, Pseudonym], Trace]


class Tracer:
    """Reads; nothing is changed. told: called with how many messages a walk has come past."""

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

        Raises LedgerUnavailable and KeysWithheld.
        """
        traces, names = self._named(subjects, answer)
        async for found in self.rows(names, told):
            for message in found:
                self._note(names, message)
            await asyncio.sleep(0)
        return traces

    def names(self, subjects: Sequence[DataSubject], answer: Answer = NO_ANSWER) -> Names:
        """Raises KeysWithheld."""
        return self._named(subjects, answer)[1]

    def _named(self, subjects: Sequence[DataSubject], answer: Answer) -> tuple[list[Trace], Names]:
        traces, owners = list[Trace](), dict[tuple[int, Pseudonym], Trace]()
        leaves = dict[Pseudonym, int]()
        for subject in subjects:
            traces.append(Trace(subject.customer, subject))
            former = self._keyring.former_leaves(subject.customer, subject.number)
            leaves.update(former)
            owners.update({(subject.customer, each): traces[-1] for each in former})
        for customer, pseudonyms in answer.pseudonyms.items():
            traces.append(Trace(customer, None))
            for each in pseudonyms:
                leaves.setdefault(each, leaf_of_pseudonym(each))
                owners.setdefault((customer, each), traces[-1])
        return traces, Names(leaves, owners)

    async def rows(self, names: Names, told: Callable[[int], None]) -> AsyncIterator[Sequence[Message]]:
        """Messages of these people, some at a time."""
        by_customer: dict[int, list[Pseudonym]] = defaultdict(list)
        for customer, pseudonym in names.owners:
            by_customer[customer].append(pseudonym)
        if len(names.owners) > FEW_NAMES:
            async for found in self._walk(names, told):
                yield found
            return
        lists = [await self._messages.list_subject(*each, MOST) for each in by_customer.items()]
        if all(len(each) < MOST for each in lists):
            for found in lists:
                yield found
            return
        async for found in self._walk(names, told):
            yield found

    async def _walk(self, names: Names, told: Callable[[int], None]) -> AsyncIterator[Sequence[Message]]:
        cursor, passed, owners = None, 0, names.owners
        while True:
            exported, cursor = await self._copies.messages(cursor, STEP)
            found = [each.message for each in exported]
            yield [each for each in found if (each.customer, each.subject) in owners]
            passed += len(found)
            told(passed)
            if cursor is None:
                return

    def _note(self, names: Names, message: Message) -> None:
        trace = names.owners[message.customer, message.subject]
        trace.ids.append(message.id)
        trace.places |= places_of(self._keyring.state, message, self._policies, names.former)
        if message.disclosure:
            submitted_ms = message.accepted_ms if message.submitted_ms is None else message.submitted_ms
            trace.passed.setdefault(message.operator, Passed()).add(submitted_ms)
