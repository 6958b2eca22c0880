"""What a simulated SMSC makes of the messages that it is sent."""

from collections.abc import Sequence
from functools import partial

from operators.base import ReceiptState
from operators.simulator.agenda import Agenda
from operators.simulator.chance import Chance
from operators.simulator.link import Link
from operators.simulator.onlooker import Onlooker
from operators.simulator.receipts import Receipts
from operators.simulator.tally import Tally
from operators.simulator.wording import Dates, Receipt, write_id
from operators.smpp import pdu as p
from operators.smpp import status as st


class Messages:
    """track: count those that were taken before."""

    def __init__(
        self,
        *,
        chance: Chance,
        receipts: Receipts,
        agenda: Agenda,
        tally: Tally,
        dates: Dates,
        onlooker: Onlooker,
        track: bool,
    ) -> None:
        self._chance = chance
        self._receipts = receipts
        self._agenda = agenda
        self._tally = tally
        self._dates = dates
        self._onlooker = onlooker
        self._seen: set[int] | None = set() if track else None

    def take(self, link: Link, submit: p.SubmitSm, now: float) -> None:
        """One message; the link may be cut for it."""
        tally, drop_every = self._tally, self._chance.faults.drop_every
        tally.submits += 1
        link.submits += 1
        self._onlooker.submitted(submit)
        if drop_every is not None and link.submits >= drop_every:
            tally.dropped += 1
            link.abort()
            return
        status = self._chance.verdict(now)
        if status is None:
            tally.silent += 1
            link.session.inbound -= 1
        elif status == st.OK:
            self._accept(link, submit, now)
        else:
            tally.refused += 1
            self._answer(link, p.SubmitSmResp(sequence_number=submit.sequence_number, status=status), now)

    def _accept(self, link: Link, submit: p.SubmitSm, now: float) -> None:
        self._tally.accepted += 1
        if self._seen is not None:
            self._look_for_duplicate(submit, self._seen)
        faults, number = self._chance.faults, self._chance.next_id()
        response = p.SubmitSmResp(sequence_number=submit.sequence_number, message_id=write_id(number, faults.id_form))
        receipts = self._receipts_for(submit, number) if submit.registered_delivery & 0x03 else ()
        if faults.receipt_before_response and receipts:
            self._receipts.add(receipts)
            self._receipts.send()
            self._answer(link, response, now)
            return
        delay_s = self._answer(link, response, now) + faults.receipt_delay_s
        if not delay_s:
            self._receipts.add(receipts)
        elif receipts:
            self._agenda.add(now + delay_s, partial(self._receipts.add, receipts))

    def _receipts_for(self, submit: p.SubmitSm, number: int) -> Sequence[Receipt]:
        faults = self._chance.faults
        message_id = write_id(number, faults.receipt_id_form or faults.id_form)
        return self._chance.receipts(Receipt(message_id, submit, ReceiptState.DELIVERED, self._dates.now()))

    def _answer(self, link: Link, response: p.SubmitSmResp, now: float) -> float:
        """After how many seconds."""
        self._onlooker.answered(response)
        delay_s = self._chance.answer_delay_s()
        if delay_s:
            self._agenda.add(now + delay_s, partial(self._leave, link, response))
        else:
            self._leave(link, response)
        return delay_s

    def _leave(self, link: Link, response: p.SubmitSmResp) -> None:
        self._onlooker.left()
        link.answer(response)

    def _look_for_duplicate(self, submit: p.SubmitSm, seen: set[int]) -> None:
        trace = hash((submit.destination_addr, submit.short_message, submit.tlvs))
        if trace in seen:
            self._tally.duplicates += 1
        seen.add(trace)
