"""The road of a message with real parts: door, journal, ledger, dispatch, operators in memory, outcomes.

Time stands still until a test moves it. Events of an operator pass `Road.sort` as they do in the node; a test may hold
them back with `hold` and let them go with `release`, or put in its own with `happen`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from config.settings import DispatchSettings, MessageSettings
from gateway.accept.choosing import Choice
from gateway.accept.door import Door
from gateway.accept.judging import Check, Judge
from gateway.accept.request import MessageRequest
from gateway.accept.validation import Validator
from gateway.accounts.customers import ApiKey, Customer, CustomerSettings, Owner
from gateway.delivery.dispatch.dispatch import Dispatch
from gateway.delivery.dispatch.gate import Conditions, Recheck
from gateway.delivery.dispatch.lanes import Lanes
from gateway.delivery.events import Sorting
from gateway.delivery.follow_up import FollowUp
from gateway.delivery.inflight import InFlight
from gateway.delivery.mobile_originated import Incoming
from gateway.delivery.neighbours import NOBODY, Neighbours
from gateway.delivery.operator_ids import OperatorIds
from gateway.delivery.receipts.outcomes import Outcomes
from gateway.delivery.received import Recorder
from gateway.delivery.records import Records
from gateway.delivery.routing import Router
from gateway.delivery.settler import Settler
from gateway.fraud.sentry import Sentry
from gateway.keystore.keyring import Keyring
from gateway.keystore.root_slot import FileRootSlot
from gateway.keystore.store import Keystore
from gateway.ledger.contract import WriteResult
from gateway.ledger.journal import Journal
from gateway.ledger.sqlite.engine import SqliteLedger
from gateway.limits.till import Till
from gateway.model.message import Message, MessageClass, OutboxEvent, Status
from gateway.model.route import Route
from gateway.model.submission import NO_FORM
from gateway.process.clock import ManualClock
from gateway.process.tasks import TaskOwner
from gateway.retention.integrity import CheckedMessages, CheckedWork, Integrity, TaggedCommits
from gateway.retention.masks import Masks
from gateway.retention.minimise import Minimiser
from gateway.retention.policies import RetentionPolicies
from gateway.vault.vault import Vault
from operators.base import (
    Accepted,
    DeliveryReceipt,
    MtMessage,
    OperatorEvent,
    ReceiptState,
    SubmitResult,
    Submitted,
)
from operators.loopback import LoopbackOperator
from operators.smpp.segments import plan
from redaction.egress import STANDARD_FIELDS, EgressContract
from redaction.personal import Purpose
from redaction.retention import DEFAULT_RULES
from redaction.seal import Sealer
from tests.bounds import LIMIT_S
from tests.unit.gateway.vault.formats import AS_WRITTEN_NOW

CUSTOMER = 1
LONG = "x" * 400
"""Three segments."""
Answers = Callable[[MtMessage, int, str], SubmitResult]


def an_api_key(**changes: Any) -> ApiKey:
    senders = changes.pop("senders", {"INTERKEY": ()})
    customer = Customer(
        id=changes.pop("customer_id", CUSTOMER),
        public_id="cus_1",
        settings=CustomerSettings(
            senders=senders,
            default_class=changes.pop("default_class", "transactional"),
            content=changes.pop("content", {}),
            plain_punctuation=changes.pop("plain_punctuation", False),
        ),
        disabled=False,
    )
    fields: dict[str, Any] = {
        "id": 1,
        "customer": customer,
        "prefix": "00000001",
        "scopes": frozenset({"send"}),
        "classes": frozenset(),
        "networks": (),
        "throughput_per_s": None,
        "burst": 1,
        "daily_quota": None,
        "expires_ms": None,
    }
    return ApiKey(**(fields | changes))


EVERY_CLASS = an_api_key(classes=frozenset(MessageClass))


def a_request(**changes: Any) -> MessageRequest:
    fields: dict[str, Any] = {
        "to": "+966500000078",
        "source": "INTERKEY",
        "text": "hello",
        "message_class": "transactional",
    }
    return MessageRequest(**(fields | changes))


def offered(
    door: Door, key: ApiKey, request: MessageRequest, *, idempotency: str | None = None
) -> tuple[Message, "asyncio.Future[WriteResult]"]:
    """A message at the door, and the id that stands for it once that is durable."""
    durable: asyncio.Future[WriteResult] = asyncio.get_running_loop().create_future()
    message = door.offer(key, request, NO_FORM, lambda _, result: durable.set_result(result), idempotency=idempotency)
    return message, durable


def usual_contract(operator: str) -> EgressContract:
    """Of an operator for which nothing narrower is set."""
    return EgressContract(operator=operator, fields=STANDARD_FIELDS)


class Road:
    """operators: by name, with what they answer. owners: of numbers and first words.

    digests: keep operators' ids as a new installation does.
    submitted: (operator, message, segment) of every submission.
    """

    def __init__(
        self,
        folder: Path,
        *,
        answers: Mapping[str, Answers] | None = None,
        receipts: Callable[[str], ReceiptState | None] = lambda _: None,
        routes: Sequence[Route] | None = None,
        room: int = 256,
        contracts: Mapping[str, EgressContract] | None = None,
        outcomes: Mapping[str, Any] | None = None,
        neighbours: Neighbours = NOBODY,
        incoming: Mapping[str, Any] | None = None,
        known: Callable[[str], ReceiptState | None] = lambda _: None,
        follow_up: FollowUp | None = None,
        digests: bool = False,
        digests_since_ms: int = 1 << 50,
        checks: Sequence[Check] = (),
        sentry: Sentry | None = None,
        rechecks: Sequence[Recheck] = (),
        **dispatch: Any,
    ) -> None:
        self.clock = ManualClock()
        self.submitted: list[tuple[str, MtMessage, int]] = []
        self.ended: list[Status] = []
        self.owners: dict[tuple[str, str], Owner] = {}
        self.held: list[OperatorEvent] | None = None
        self.disabled: frozenset[int] = frozenset()
        answers = answers or {"loop": lambda _message, _segment, identifier: Accepted(identifier)}
        self.operators = {
            name: LoopbackOperator(
                name,
                segments_of=_segments,
                answer=self._noting(name, answer),
                receipt=receipts,
                room=room,
                known=known,
            )
            for name, answer in answers.items()
        }
        self.store = Keystore(folder / "keys.db", FileRootSlot(folder / "root.key"), self.clock)
        self.store.open()
        self.keyring = Keyring(self.store, DEFAULT_RULES.values(), self.clock, lambda: 0)
        self.keyring.ensure_customer(CUSTOMER)
        self.keyring.ensure_present()
        self.sealer = Sealer(self.store.state, self.clock.random)
        self.vault = Vault(self.sealer, DEFAULT_RULES, self.clock.now_ms, AS_WRITTEN_NOW)
        self.policies = RetentionPolicies(DEFAULT_RULES)
        self.masks = Masks(self.vault, self.policies, self.clock.now_ms)
        self.ledger = SqliteLedger(folder / "ledger.db", self.clock, synchronous="off", commit_on_loop_s=0)
        self.integrity = Integrity(self.keyring.tags, self.ledger.retention)
        self.messages = CheckedMessages(self.ledger.messages, self.integrity)
        self.work = CheckedWork(self.ledger.work, self.integrity)
        self.router = Router(routes or [Route(prefix="", classes=frozenset(), operators=tuple(self.operators))])
        self._settings = msgspec.convert({"refill_interval_s": 0.01} | dispatch, DispatchSettings)
        self._contracts = contracts or {name: usual_contract(name) for name in self.operators}
        self._neighbours = neighbours
        self._outcome_settings = outcomes or {}
        self.ids = OperatorIds(bytes(32), self.vault, self.clock.now_ms, 0 if digests else digests_since_ms)
        self._follow_up = follow_up or FollowUp()
        self._incoming_settings = incoming or {}
        self._checks, self._rechecks, self._sentry = checks, rechecks, sentry

    def build(self) -> None:
        """What needs a running loop."""
        self.journal = Journal(
            TaggedCommits(self.ledger, self.keyring.tags),
            stored=lambda messages: self.dispatch.sender.take(messages),
            ended=self._end,
        )
        self.inflight = InFlight()
        settler = Settler(self.policies, lambda message: message.status is not Status.SUBMITTED, self._follow_up)
        records = Records(
            work=self.work,
            messages=self.messages,
            journal=self.journal,
            settler=settler,
            inflight=self.inflight,
            ids=self.ids,
            neighbours=self._neighbours,
        )
        self.dispatch = Dispatch(
            lanes=Lanes(self.operators, self._contracts, self._settings, self.clock),
            records=records,
            router=self.router,
            vault=self.vault,
            settings=self._settings,
            clock=self.clock,
            conditions=Conditions(self, self._rechecks),
            observe_wait=lambda _: None,
        )
        self.outcomes = Outcomes(
            operators=self.operators,
            records=records,
            clock=self.clock,
            **self._outcome_settings,
        )
        minimiser = Minimiser(
            vault=self.vault,
            policies=self.policies,
            clock=self.clock,
            keyring=self.keyring,
            contain=TaskOwner().contain,
        )
        self.incoming = Incoming(
            operators=self.operators,
            numbers=self,
            recorder=Recorder(minimiser, self.clock, "SA"),
            journal=self.journal,
            work=self.work,
            clock=self.clock,
            **self._incoming_settings,
        )
        self.sorting = Sorting(self.dispatch, self.outcomes, self.incoming)
        self.till = Till(
            self.journal, self.ledger.acts, self.ledger.balances, self.ledger.messages, self.clock, TaskOwner().contain
        )
        self.door = Door(
            validator=Validator(MessageSettings(), plan, lambda url: url.startswith("https://")),
            judge=Judge(self._checks, sentry=self._sentry),
            minimiser=minimiser,
            choice=Choice(self.router, self.dispatch.lanes.pick),
            till=self.till,
            clock=self.clock,
            digests=self.keyring.idempotency_digests,
            plain_counters=self.operators,
        )

    def _end(self, message: Message) -> None:
        self.ended.append(message.status)
        self.till.ended(message)

    def _noting(self, name: str, answer: Answers) -> Answers:
        def noted(message: MtMessage, segment: int, identifier: str) -> SubmitResult:
            self.submitted.append((name, message, segment))
            return answer(message, segment, identifier)

        return noted

    # ------------------------------------------------------------------------------------------------ its customers

    @property
    def version(self) -> object:
        """See `gateway.delivery.dispatch.hold.Customers`."""
        return self.disabled

    def is_held(self, customer_id: int) -> bool:
        return customer_id in self.disabled

    def owner(self, number: str, word: str) -> Owner | None:
        """See `gateway.delivery.mobile_originated.Numbers`."""
        return self.owners.get((number, word)) or self.owners.get((number, ""))

    def has_keywords(self, number: str) -> bool:
        return any(word for each, word in self.owners if each == number)

    # ----------------------------------------------------------------------------------------------- what happens

    def sort(self, events: Sequence[OperatorEvent]) -> None:
        """As the node sorts them."""
        if self.held is not None:
            self.held.extend(events)
            return
        self.sorting.take(events)

    def hold(self) -> None:
        """Keep what operators say from now on."""
        self.held = []

    def release(self) -> None:
        """Let everything pass that was held."""
        held, self.held = self.held or [], None
        self.sort(held)

    def held_answers(self) -> list[Submitted]:
        return [each for each in self.held or () if isinstance(each, Submitted)]

    def receipt(self, identifier: str, state: ReceiptState, operator: str = "loop", handle: object = None) -> None:
        """A receipt arrives; its handle is the id unless another is given."""
        self.sort([DeliveryReceipt(operator, (identifier,), state, "007", None, handle or identifier)])

    # ------------------------------------------------------------------------------------------------ what is asked

    async def send(self, *, key: ApiKey = EVERY_CLASS, idempotency: str | None = None, **changes: Any) -> bytes:
        """Through the door to the disk; the id."""
        _, durable = offered(self.door, key, a_request(**changes), idempotency=idempotency)
        identifier = await durable
        assert isinstance(identifier, bytes)
        return identifier

    async def stored(self, identifier: bytes) -> Message:
        message = await self.ledger.messages.find(CUSTOMER, identifier)
        assert message is not None
        return message

    async def becomes(self, identifier: bytes, status: Status) -> Message:
        """The stored message, once it has this status."""
        async with asyncio.timeout(LIMIT_S):
            while (message := await self.stored(identifier)).status is not status:  # the ledger sets no event
                await asyncio.sleep(0)
        return message

    async def settled(self) -> None:
        """Until nothing waits to be written."""
        await asyncio.sleep(0)
        await self.journal.drain()

    async def events(self) -> Sequence[OutboxEvent]:
        return await self.ledger.outbox.due(self.clock.now_ms(), 100, ())

    def acknowledged(self, operator: str = "loop") -> list[tuple[object, bool]]:
        return self.operators[operator].acknowledged


def _segments(message: MtMessage) -> int:
    return 1 if message.data_coding is not None else plan(message.text.reveal(Purpose.DELIVER)).segments


@asynccontextmanager
async def running_road(folder: Path, *, down: Sequence[str] = (), **settings: Any) -> AsyncIterator[Road]:
    """down: operators that are not started."""
    road = Road(folder, **settings)
    await road.ledger.open()
    road.build()
    loops = [road.journal.run(), road.outcomes.run(), road.incoming.run()]
    tasks = [asyncio.create_task(each) for each in loops]
    for name, operator in road.operators.items():
        if name not in down:
            await operator.start(road.sort)
    tasks.append(asyncio.create_task(road.dispatch.rounds.run()))
    await asyncio.sleep(0)
    try:
        yield road
        for task in tasks:
            assert not task.done() or task.result() is None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await road.ledger.close()
        road.store.close()
