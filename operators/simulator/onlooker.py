"""What tests and benchmarks may look on at in a simulated SMSC."""

from operators.simulator.wording import Receipt
from operators.smpp import pdu as p


class Onlooker:
    """Observes what passes; this one forgets it."""

    def submitted(self, submit: p.SubmitSm) -> None:
        """A message came, whatever becomes of it."""

    def answered(self, response: p.SubmitSmResp) -> None:
        """This answer is on its way, or will be after the delay."""

    def left(self) -> None:
        """An answer leaves, after its delay."""

    def acknowledged(self, receipt: Receipt) -> None:
        """This receipt was taken."""
