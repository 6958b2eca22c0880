"""What leaves to an operator of a message: what its egress contract lets out, and nothing else (P-16)."""

from typing import Final

from gateway.delivery.dispatch.references import ShortReferences
from gateway.model.attempt import Attempt
from gateway.model.identifiers import concat_reference
from gateway.model.message import Message
from gateway.model.submission import NO_MARKS, Marks
from gateway.vault.vault import Content
from operators.base import DOUBTS, MtMessage
from redaction.egress import EgressContract, EgressField, disclosure_code


class Exit:
    """What an operator's egress contract lets out of every message.

    references: of long messages, which all operators share. single, several: the masks of every field that an attempt
    forwards, of a message of one segment and of more.
    """

    __slots__ = ("_references", "contract", "receipt", "reference", "several", "single", "validity")

    def __init__(self, contract: EgressContract, references: ShortReferences) -> None:
        single = {
            EgressField.SOURCE,
            EgressField.DESTINATION,
            EgressField.TEXT,
            EgressField.DATA_CODING,
            EgressField.REGISTERED_DELIVERY,
            EgressField.VALIDITY,
            EgressField.ESM_CLASS,
        }
        several = single | {EgressField.UDH, EgressField.REFERENCE}
        self._references = references
        self.contract: Final = contract
        self.receipt: Final = contract.allows(EgressField.REGISTERED_DELIVERY)
        self.reference: Final = contract.allows(EgressField.REFERENCE)
        self.validity: Final = contract.allows(EgressField.VALIDITY)
        self.single: Final = disclosure_code(field for field in single if contract.allows(field))
        self.several: Final = disclosure_code(field for field in several if contract.allows(field))

    def disclosure(self, message: Message, content: Content) -> int:
        """Which fields an attempt forwards."""
        code = self.several if message.segments > 1 or content.header else self.single
        return code if content.marks is NO_MARKS else code | self._of_marks(content.marks)

    def _of_marks(self, marks: Marks) -> int:
        return disclosure_code(
            field
            for field, is_said in ((EgressField.PROTOCOL_ID, marks.protocol_id), (EgressField.PRIORITY, marks.priority))
            if is_said and self.contract.allows(field)
        )

    def cut_down(
        self, message: Message, content: Content, attempt: Attempt, segments: tuple[int, ...], now_ms: int
    ) -> MtMessage:
        """Only what may leave, for these segments. attempt: what the operator gives back with each answer."""
        marks, allows = content.marks, self.contract.allows
        source, is_whole = self.contract.source(content.source), len(segments) == message.segments
        short_ref = 0
        if message.segments > 1:
            short_ref = self._references.of(message, source, is_begun=not is_whole)
        return MtMessage(
            token=attempt,
            source=source,
            destination=content.to,
            text=content.text,
            concat_ref=concat_reference(message.id) if message.segments > 1 else 0,
            short_ref=short_ref,
            only=None if is_whole else segments,
            receipt=content.receipt and self.receipt,
            validity_s=(message.expires_ms - now_ms + 999) // 1000 if self.validity else None,
            flash=content.flash,
            data_coding=content.data_coding,
            header=content.header,
            protocol_id=marks.protocol_id if marks.protocol_id and allows(EgressField.PROTOCOL_ID) else None,
            priority=marks.priority if marks.priority and allows(EgressField.PRIORITY) else None,
            reply_path=marks.reply_path and allows(EgressField.ESM_CLASS),
            name=message.id if self.reference else b"",
            doubtful=message.error in DOUBTS,
        )
