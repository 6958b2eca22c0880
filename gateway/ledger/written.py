"""Functions between messages and what is stored of them, written by `python -m compiling.written` of
`gateway.ledger.fields`. Not to be changed by hand.

What they take says nothing of its type: a number that goes from a message into a row need not be looked at.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from gateway.ledger.codes import CLASS_CODE, CLASSES, STATUS_CODE, STATUSES
from gateway.model.message import Message, Status

UNSET: Final = msgspec.UNSET
encode: Final = msgspec.msgpack.Encoder().encode


def made_0(message: Any) -> Any:
    return (
        message.status is Status.ACCEPTED
        and (not message.attempts)
        and (message.submitted_ms is None)
        and (message.final_ms is None)
        and (message.error is None)
        and (not message.operator_ids)
        and (not message.disclosure)
    )


def made_1(message: Any) -> Any:
    return (
        bytearray(message.id),
        message.customer,
        bytearray(message.subject),
        message.country,
        message.last_two,
        CLASS_CODE[message.message_class],
        message.tag,
        message.segments,
        message.encoding,
        message.operator,
        message.accepted_ms,
        -1 if message.due_ms is None else message.due_ms,
        message.expires_ms,
        message.content_until_ms,
        message.record_until_ms,
        bytearray(message.content or b""),
        bytearray(message.private or b""),
        1 if message.retry_unknown else 0,
        bytearray(message.parts),
        message.key_id,
        message.notify,
        bytearray(message.record_tag),
    )


def made_2(message: Any) -> Any:
    return (
        bytearray(message.id),
        message.customer,
        bytearray(message.subject),
        message.country,
        message.last_two,
        CLASS_CODE[message.message_class],
        message.tag,
        STATUS_CODE[message.status],
        message.segments,
        message.encoding,
        message.operator,
        message.accepted_ms,
        -1 if message.due_ms is None else message.due_ms,
        message.expires_ms,
        message.content_until_ms,
        message.record_until_ms,
        bytearray(message.content or b""),
        bytearray(message.private or b""),
        message.attempts,
        1 if message.retry_unknown else 0,
        -1 if message.submitted_ms is None else message.submitted_ms,
        -1 if message.final_ms is None else message.final_ms,
        message.error or "",
        "\x1f".join(message.operator_ids) + "\x1f" if message.operator_ids else "",
        bytearray(message.parts),
        message.disclosure,
        message.key_id,
        message.notify,
        bytearray(message.record_tag),
    )


def made_3(message: Any, below: Any, over: Any) -> Any:
    return (
        STATUS_CODE[message.status],
        message.segments,
        message.operator,
        -1 if message.due_ms is None else message.due_ms,
        message.content_until_ms,
        message.attempts,
        -1 if message.submitted_ms is None else message.submitted_ms,
        -1 if message.final_ms is None else message.final_ms,
        message.error or "",
        "\x1f".join(message.operator_ids) + "\x1f" if message.operator_ids else "",
        bytearray(message.parts),
        message.disclosure,
        bytearray(message.record_tag),
        bytearray(message.id),
        below,
        over,
    )


def made_4(message: Any) -> Any:
    return (
        message.last_two,
        STATUS_CODE[message.status],
        message.segments,
        message.encoding,
        message.operator,
        -1 if message.due_ms is None else message.due_ms,
        message.expires_ms,
        message.content_until_ms,
        bytearray(message.content or b""),
        bytearray(message.private or b""),
        message.attempts,
        -1 if message.submitted_ms is None else message.submitted_ms,
        -1 if message.final_ms is None else message.final_ms,
        message.error or "",
        "\x1f".join(message.operator_ids) + "\x1f" if message.operator_ids else "",
        bytearray(message.parts),
        message.disclosure,
        message.notify,
        bytearray(message.record_tag),
        bytearray(message.id),
        2,
    )


def made_5(row: Any) -> Any:
    return Message(
        id=row[0],
        customer=row[1],
        subject=row[2],
        country=row[3],
        last_two=row[4],
        message_class=CLASSES[row[5]],
        tag=row[6],
        status=STATUSES[row[7]],
        segments=row[8],
        encoding=row[9],
        operator=row[10],
        accepted_ms=row[11],
        due_ms=row[12],
        expires_ms=row[13],
        content_until_ms=row[14],
        record_until_ms=row[15],
        content=row[16],
        private=row[17],
        attempts=row[18],
        retry_unknown=row[19] == 1,
        submitted_ms=row[20],
        final_ms=row[21],
        error=row[22],
        operator_ids=tuple(row[23].split("\x1f")[:-1]),
        parts=row[24],
        disclosure=row[25],
        key_id=row[26],
        notify=row[27],
        record_tag=row[28],
    )


def made_6(message: Any) -> Any:
    return encode(
        (
            message.id,
            message.subject,
            message.country,
            message.last_two,
            CLASS_CODE[message.message_class],
            message.tag,
            STATUS_CODE[message.status],
            message.segments,
            message.encoding,
            message.operator,
            message.accepted_ms,
            message.expires_ms,
            message.content_until_ms,
            message.record_until_ms,
            message.attempts,
            message.retry_unknown,
            message.submitted_ms,
            message.final_ms,
            message.error or "",
            "\x1f".join(message.operator_ids),
            message.parts,
            message.disclosure,
            message.key_id,
            message.notify,
        )
    )


def made_7(message: Any) -> Any:
    return encode(
        (
            message.attempts,
            None if message.submitted_ms is None else message.submitted_ms - message.accepted_ms,
            None if message.final_ms is None else message.final_ms - message.accepted_ms,
            message.disclosure,
            message.error,
            message.parts,
            message.operator_ids,
        )
    )


def made_8(message: Any) -> Any:
    return encode(
        (
            message.key_id,
            message.last_two,
            message.retry_unknown,
            message.expires_ms - message.accepted_ms,
            message.notify,
        )
    )


def made_9(message: Any) -> Any:
    return encode(
        (
            message.attempts,
            None if message.submitted_ms is None else message.submitted_ms - message.accepted_ms,
            None if message.final_ms is None else message.final_ms - message.accepted_ms,
            message.disclosure,
            message.error,
            message.parts,
            message.operator_ids,
            message.record_tag,
        )
    )


def made_10(
    state: Any,
    fixed: Any,
    id: Any,
    customer: Any,
    subject: Any,
    country: Any,
    message_class: Any,
    tag: Any,
    status: Any,
    segments: Any,
    encoding: Any,
    operator: Any,
    accepted_ms: Any,
    due_ms: Any,
    content_until_ms: Any,
    record_until_ms: Any,
    content: Any,
    private: Any,
) -> Any:
    return Message(
        id=id,
        customer=customer,
        subject=subject,
        country=country,
        message_class=message_class,
        tag=tag,
        status=status,
        segments=segments,
        encoding=encoding,
        operator=operator,
        accepted_ms=accepted_ms,
        due_ms=due_ms,
        content_until_ms=content_until_ms,
        record_until_ms=record_until_ms,
        content=content,
        private=private,
        attempts=state.attempts,
        submitted_ms=None if state.submitted_ms is None else accepted_ms + state.submitted_ms,
        final_ms=None if state.final_ms is None else accepted_ms + state.final_ms,
        disclosure=state.disclosure,
        error=state.error,
        parts=state.parts,
        operator_ids=state.operator_ids,
        record_tag=b"" if state.record_tag is UNSET else state.record_tag,
        key_id=fixed.key_id,
        last_two=fixed.last_two,
        retry_unknown=fixed.retry_unknown,
        expires_ms=accepted_ms + fixed.expires_ms,
        notify=fixed.notify,
    )


WRITTEN: Final[Mapping[str, Callable[..., Any]]] = {
    "lambda message: message.status is Status.ACCEPTED and not message.attempts and message.submitted_ms is None and message.final_ms is None and message.error is None and not message.operator_ids and not message.disclosure": made_0,  # noqa: E501
    "lambda message: (bytearray(message.id), message.customer, bytearray(message.subject), message.country, message.last_two, CLASS_CODE[message.message_class], message.tag, message.segments, message.encoding, message.operator, message.accepted_ms, -1 if message.due_ms is None else message.due_ms, message.expires_ms, message.content_until_ms, message.record_until_ms, bytearray(message.content or b''), bytearray(message.private or b''), 1 if message.retry_unknown else 0, bytearray(message.parts), message.key_id, message.notify, bytearray(message.record_tag), )": made_1,  # noqa: E501
    "lambda message: (bytearray(message.id), message.customer, bytearray(message.subject), message.country, message.last_two, CLASS_CODE[message.message_class], message.tag, STATUS_CODE[message.status], message.segments, message.encoding, message.operator, message.accepted_ms, -1 if message.due_ms is None else message.due_ms, message.expires_ms, message.content_until_ms, message.record_until_ms, bytearray(message.content or b''), bytearray(message.private or b''), message.attempts, 1 if message.retry_unknown else 0, -1 if message.submitted_ms is None else message.submitted_ms, -1 if message.final_ms is None else message.final_ms, message.error or '', ('\\x1f'.join(message.operator_ids) + '\\x1f' if message.operator_ids else ''), bytearray(message.parts), message.disclosure, message.key_id, message.notify, bytearray(message.record_tag), )": made_2,  # noqa: E501
    "lambda message, below, over: (STATUS_CODE[message.status], message.segments, message.operator, -1 if message.due_ms is None else message.due_ms, message.content_until_ms, message.attempts, -1 if message.submitted_ms is None else message.submitted_ms, -1 if message.final_ms is None else message.final_ms, message.error or '', ('\\x1f'.join(message.operator_ids) + '\\x1f' if message.operator_ids else ''), bytearray(message.parts), message.disclosure, bytearray(message.record_tag),  bytearray(message.id), below, over)": made_3,  # noqa: E501
    "lambda message: (message.last_two, STATUS_CODE[message.status], message.segments, message.encoding, message.operator, -1 if message.due_ms is None else message.due_ms, message.expires_ms, message.content_until_ms, bytearray(message.content or b''), bytearray(message.private or b''), message.attempts, -1 if message.submitted_ms is None else message.submitted_ms, -1 if message.final_ms is None else message.final_ms, message.error or '', ('\\x1f'.join(message.operator_ids) + '\\x1f' if message.operator_ids else ''), bytearray(message.parts), message.disclosure, message.notify, bytearray(message.record_tag),  bytearray(message.id), 2)": made_4,  # noqa: E501
    "lambda row: Message(id=row[0], customer=row[1], subject=row[2], country=row[3], last_two=row[4], message_class=CLASSES[row[5]], tag=row[6], status=STATUSES[row[7]], segments=row[8], encoding=row[9], operator=row[10], accepted_ms=row[11], due_ms=row[12], expires_ms=row[13], content_until_ms=row[14], record_until_ms=row[15], content=row[16], private=row[17], attempts=row[18], retry_unknown=row[19] == 1, submitted_ms=row[20], final_ms=row[21], error=row[22], operator_ids=tuple(row[23].split('\\x1f')[:-1]), parts=row[24], disclosure=row[25], key_id=row[26], notify=row[27], record_tag=row[28], )": made_5,  # noqa: E501
    "lambda message: encode((message.id, message.subject, message.country, message.last_two, CLASS_CODE[message.message_class], message.tag, STATUS_CODE[message.status], message.segments, message.encoding, message.operator, message.accepted_ms, message.expires_ms, message.content_until_ms, message.record_until_ms, message.attempts, message.retry_unknown, message.submitted_ms, message.final_ms, message.error or '', '\\x1f'.join(message.operator_ids), message.parts, message.disclosure, message.key_id, message.notify, ))": made_6,  # noqa: E501
    "lambda message: encode((message.attempts, None if message.submitted_ms is None else message.submitted_ms - message.accepted_ms, None if message.final_ms is None else message.final_ms - message.accepted_ms, message.disclosure, message.error, message.parts, message.operator_ids,))": made_7,  # noqa: E501
    "lambda message: encode((message.key_id, message.last_two, message.retry_unknown, message.expires_ms - message.accepted_ms, message.notify,))": made_8,  # noqa: E501
    "lambda message: encode((message.attempts, None if message.submitted_ms is None else message.submitted_ms - message.accepted_ms, None if message.final_ms is None else message.final_ms - message.accepted_ms, message.disclosure, message.error, message.parts, message.operator_ids, message.record_tag,))": made_9,  # noqa: E501
    "lambda state, fixed, id, customer, subject, country, message_class, tag, status, segments, encoding, operator, accepted_ms, due_ms, content_until_ms, record_until_ms, content, private: Message(id=id, customer=customer, subject=subject, country=country, message_class=message_class, tag=tag, status=status, segments=segments, encoding=encoding, operator=operator, accepted_ms=accepted_ms, due_ms=due_ms, content_until_ms=content_until_ms, record_until_ms=record_until_ms, content=content, private=private, attempts=state.attempts, submitted_ms=None if state.submitted_ms is None else accepted_ms + state.submitted_ms, final_ms=None if state.final_ms is None else accepted_ms + state.final_ms, disclosure=state.disclosure, error=state.error, parts=state.parts, operator_ids=state.operator_ids, record_tag=b'' if state.record_tag is UNSET else state.record_tag, key_id=fixed.key_id, last_two=fixed.last_two, retry_unknown=fixed.retry_unknown, expires_ms=accepted_ms + fixed.expires_ms, notify=fixed.notify)": made_10,  # noqa: E501
}
"""Each by the expression that it was made of."""
