"""Submissions on their way to the door: in turn, one account after the other, and answered when they are durable.

What one read brought waits in its link. Each turn of the loop takes at most `TURN` messages of an account and `ROUND`
of all before the loop may turn to its sockets, so a flood of one customer delays another by one round (S-54); and of a
customer no more than `IN_HAND` wait for their commit, so that another one's message waits for a commit or two. There is
no task and no future per message: the journal calls `_Answer` when the commit is done, and all answers of one leave
in one write. What one message raises is answered for that one, and the round goes on.
"""

import asyncio
from collections import deque
from typing import Final

from gateway.accept.door import Door
from gateway.accept.request import MessageRequest
from gateway.accounts.customers import ApiKey
from gateway.ledger.contract import Declined, WriteOp, WriteResult
from gateway.ledger.journal import Done
from gateway.limits.admission import Admission
from gateway.model.message import Message
from gateway.model.refusals import Refusal, refusal_of, smpp_status
from gateway.model.submission import SmppForm
from gateway.process.clock import Clock
from gateway.smpp_server.ids import written_id
from gateway.smpp_server.link import Link
from gateway.smpp_server.reading import Submit, destinations, read
from operators.contained import report
from operators.smpp import pdu as p

TURN: Final = 32
ROUND: Final = 128
IN_HAND: Final = 1_024
"""Of a customer: two commits."""
_UNAVAILABLE: Final = smpp_status(Refusal("ledger_unavailable"))


class Intake:
    """taken, refused: messages that became durable, and that did not."""

    def __init__(self, door: Door, admission: Admission, clock: Clock) -> None:
        self._door = door
        self._admission = admission
        self._clock = clock
        self._accounts: dict[int, deque[Link]] = {}
        self._in_hand: dict[int, int] = {}
        self._turn_comes = False
        self.taken = 0
        self.refused = 0

    def waiting(self) -> int:
        """Submissions that wait for their turn."""
        return sum(len(link.backlog) for links in self._accounts.values() for link in links)

    def wake(self, link: Link) -> None:
        """The link has a backlog."""
        assert link.esme is not None
        links = self._accounts.setdefault(link.esme.id, deque())
        if link not in links:
            links.append(link)
        self._turn_soon()

    def _turn_soon(self) -> None:
        if not self._turn_comes:
            self._turn_comes = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        """One round: every account in turn, until the round is full. After one in which nothing may be taken, the next
        comes when something is durable.
        """
        left = ROUND
        for account in list(self._accounts):
            links = self._accounts.pop(account)
            left -= self._take_some(links, min(TURN, left, self._room(links)))
            if links:
                self._accounts[account] = links  # at the end: the others come first in the next round
            if left <= 0:
                break
        self._turn_comes = False
        if self._accounts and left < ROUND:
            self._turn_soon()

    def _room(self, links: deque[Link]) -> int:
        """How many more of this customer may wait for their commit."""
        esme = links[0].esme
        assert esme is not None
        return IN_HAND - self._in_hand.get(esme.key.customer.id, 0)

    def _begun(self, key: ApiKey) -> None:
        customer = key.customer.id
        self._in_hand[customer] = self._in_hand.get(customer, 0) + 1

    def ended(self, key: ApiKey) -> None:
        """A message waits for its commit no more."""
        customer = key.customer.id
        left = self._in_hand[customer] = self._in_hand[customer] - 1
        if not left:
            del self._in_hand[customer]
        if self._accounts and left <= IN_HAND // 2:
            self._turn_soon()

    def _take_some(self, links: deque[Link], most: int) -> int:
        """Take up to so many messages of an account's links; how many they were."""
        count, now_ms = 0, self._clock.now_ms()
        while links and count < most:
            link = links[0]
            if not link.backlog:
                links.popleft()
                continue
            try:
                count += self._take(link, link.backlog.popleft(), now_ms)
            except Exception as error:
                count += 1
                self.failed(link, error)
            links.rotate(-1)
        return count

    def _take(self, link: Link, submit: Submit, now_ms: int) -> int:
        """One PDU; how many messages it was."""
        assert link.esme is not None
        key = link.esme.key
        if isinstance(submit, p.SubmitMulti):
            return self._take_multi(link, submit, key, now_ms)
        try:
            self._admission.admit(key, 1, now_ms)
        except Exception as error:
            self._refuse(link, submit, error)
            return 1
        to = (submit.dest_addr_ton, submit.dest_addr_npi, submit.destination_addr)
        try:
            request, form = read(submit, to, key, now_ms, b"", link.terms)
            self._offer(key, request, form, _Answer(self, link, submit, key))
        except Exception as error:
            self._admission.settle(key, 1, 1)
            self._refuse(link, submit, error)
        return 1

    def _refuse(self, link: Link, submit: Submit, error: Exception) -> None:
        self.refused += 1
        refusal = refusal_of(error)
        status = smpp_status(refusal)
        if refusal.code == "quota_exceeded":
            status = link.terms.profile.quota_status
        link.session.refuse(submit, status)
        link.answered()

    def failed(self, link: Link, error: Exception) -> None:
        """An answer could not be given. The journal, which called for it, goes on."""
        report("connection", error)
        link.abort()

    def answer(self, link: Link, submit: Submit, key: ApiKey, result: WriteResult) -> None:
        """The commit is done, or failed, or the message was declined before it."""
        taken = isinstance(result, bytes)
        self._admission.settle(key, 1, 0 if taken else 1)
        if isinstance(result, bytes):
            self.taken += 1
            link.session.acknowledge(submit, written_id(result, link.id_form).encode("ascii"))
        else:
            self.refused += 1
            link.session.refuse(submit, _untaken(result))
        link.answered()

    # ---------------------------------------------------------------------------------------------- submit_multi

    def _take_multi(self, link: Link, submit: p.SubmitMulti, key: ApiKey, now_ms: int) -> int:
        """A message for each destination; the receipts of all of them carry the id of the first that was taken."""
        wanted = destinations(submit)
        try:
            self._admission.admit(key, len(wanted), now_ms)
        except Exception as error:
            self._refuse(link, submit, error)
            return 1
        many = _Many(self, link, submit, key, len(wanted))
        for each in wanted:
            try:
                many.offered(self._offer_one(many, each, now_ms))
            except Exception as error:
                many.failed(each, smpp_status(refusal_of(error)))
        return len(wanted)

    def _offer_one(self, many: "_Many", to: p.SmeAddress | p.DistributionList, now_ms: int) -> bytes:
        if isinstance(to, p.DistributionList):
            raise Refusal("no_distribution_lists", "to")
        address = (to.ton, to.npi, to.addr)
        request, form = read(many.submit, address, many.key, now_ms, many.told_id, many.link.terms)
        return self._offer(many.key, request, form, _OneOfMany(many, to)).id

    def _offer(self, key: ApiKey, request: MessageRequest, form: SmppForm, done: Done) -> Message:
        self._begun(key)
        try:
            return self._door.offer(key, request, form, done)
        except Exception:
            self.ended(key)
            raise

    def answer_many(self, many: "_Many") -> None:
        """Every destination has its fate (S-51)."""
        failed = len(many.unsuccess)
        self.refused += failed
        self.taken += many.count - failed
        self._admission.settle(many.key, many.count, failed)
        if failed == many.count:
            many.link.session.refuse(many.submit, many.unsuccess[0].error_status_code)
        else:
            many.link.session.respond(
                p.SubmitMultiResp(
                    sequence_number=many.submit.sequence_number,
                    message_id=written_id(many.told_id, many.link.id_form),
                    unsuccess_sme=tuple(many.unsuccess),
                )
            )
        many.link.answered()


def _untaken(result: WriteResult) -> int:
    """The status that answers a message which is not durable."""
    return smpp_status(Refusal(result.code, result.field)) if isinstance(result, Declined) else _UNAVAILABLE


class _Answer:
    """The callback of one message's commit; a slotted object is cheaper here than a closure."""

    __slots__ = ("_intake", "_key", "_link", "_submit")

    def __init__(self, intake: Intake, link: Link, submit: Submit, key: ApiKey) -> None:
        self._intake = intake
        self._link = link
        self._submit = submit
        self._key = key

    def __call__(self, _op: WriteOp | None, result: WriteResult) -> None:
        self._intake.ended(self._key)
        try:
            self._intake.answer(self._link, self._submit, self._key, result)
        except Exception as error:
            self._intake.failed(self._link, error)


class _Many:
    """A submit_multi until the last of its destinations is durable or refused."""

    def __init__(self, intake: Intake, link: Link, submit: p.SubmitMulti, key: ApiKey, count: int) -> None:
        self._open = count
        self.intake = intake
        self.link = link
        self.submit = submit
        self.key = key
        self.count = count
        self.told_id = b""
        self.unsuccess: list[p.UnsuccessSme] = []

    def offered(self, identifier: bytes) -> None:
        """A destination waits for its commit."""
        self.told_id = self.told_id or identifier

    def failed(self, to: p.SmeAddress | p.DistributionList, status: int) -> None:
        address = (to.ton, to.npi, to.addr) if isinstance(to, p.SmeAddress) else (0, 0, to.dl_name)
        self.unsuccess.append(p.UnsuccessSme(*address, status))
        self.settled()

    def settled(self) -> None:
        self._open -= 1
        if not self._open:
            self.intake.answer_many(self)


class _OneOfMany:
    __slots__ = ("_many", "_to")

    def __init__(self, many: _Many, to: p.SmeAddress) -> None:
        self._many = many
        self._to = to

    def __call__(self, _op: WriteOp | None, result: WriteResult) -> None:
        many = self._many
        many.intake.ended(many.key)
        try:
            if isinstance(result, bytes):
                many.settled()
            else:
                many.failed(self._to, _untaken(result))
        except Exception as error:
            many.intake.failed(many.link, error)
