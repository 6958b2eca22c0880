"""What goes wrong at a simulated SMSC."""

from dataclasses import dataclass
from typing import Literal

from operators.smpp import status as st

IdForm = Literal["hex", "decimal", "uuid", "hex_padded"]
ReceiptForm = Literal["text", "tlv", "both"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What goes wrong. Rates are shares 0..1 of messages; 0 and None switch a fault off. The default is a good SMSC.

    answers: shares of messages, and the seconds until each of them is answered; what is left of 1 is answered after
    `answer_delay_s`. error_rate: refused with `error_status`. throttle_above_per_s: messages beyond it in one second
    get ESME_RTHROTTLED. silent_rate: neither taken nor answered.
    drop_every: cut the connection at its Nth submit_sm, which is not taken; answers not yet written are lost with it.
    receipt_rate: share of messages that get the receipt they asked for. receipt_state_failed_rate: UNDELIV, of those.
    receipt_before_response: the receipt leaves first, without its delay.
    receipt_id_form: None means as in the response. unknown_receipts: share of messages that bring a receipt more, for
    an id that was never given.
    """

    answer_delay_s: float = 0.0
    answers: tuple[tuple[float, float], ...] = ()
    error_rate: float = 0.0
    error_status: int = st.RSYSERR
    throttle_rate: float = 0.0
    throttle_above_per_s: int | None = None
    queue_full_rate: float = 0.0
    silent_rate: float = 0.0
    drop_every: int | None = None
    receipt_delay_s: float = 0.0
    receipt_rate: float = 1.0
    receipt_before_response: bool = False
    receipt_twice_rate: float = 0.0
    receipt_state_failed_rate: float = 0.0
    receipt_form: ReceiptForm = "text"
    id_form: IdForm = "hex"
    receipt_id_form: IdForm | None = None
    unknown_receipts: float = 0.0

    @property
    def spare_submits(self) -> bool:
        """Every message is taken."""
        rates = self.error_rate + self.throttle_rate + self.queue_full_rate + self.silent_rate
        return not rates and self.throttle_above_per_s is None

    @property
    def spare_receipts(self) -> bool:
        """Every message that asks for a receipt gets one, DELIVRD."""
        return self.receipt_rate >= 1 and not (
            self.receipt_twice_rate + self.receipt_state_failed_rate + self.unknown_receipts
        )
