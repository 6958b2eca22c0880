"""How one ESME account speaks SMPP where the standard leaves a choice, or where its peer does not follow it.

Typed data: the name, the values and the meaning of each are here, `docs/smpp.md` repeats them, and a command sets them
as `NAME=VALUE`.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import msgspec
import msgspec.inspect as mi
from msgspec import Meta

from config.expected import expected, may_be_unset
from gateway.accounts.invalid import InvalidSetting

_Binds = Annotated[int, Meta(ge=0, le=1_000)] | None


class EsmeProfile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is set per ESME account about the way it speaks."""

    alphabet: Annotated[
        Literal["gsm_unpacked", "gsm_packed", "latin1", "ascii"],
        Meta(description="What data_coding 0 means, in what it submits and in messages from people."),
    ] = "gsm_unpacked"
    message_ids: Annotated[
        Literal["auto", "hex", "decimal", "short"],
        Meta(
            description="How ids are written: 32 hexadecimal digits, up to 39 decimal ones, or 8 hexadecimal ones, "
            "which are all that SMPP 3.3 allows; `auto` is `short` for binds of 3.3 and `hex` for others."
        ),
    ] = "auto"
    long_incoming: Annotated[
        Literal["payload", "udh", "sar"],
        Meta(
            description="How a message from a person comes that is longer than one SMS: whole, beyond 254 octets in "
            "message_payload; or in parts with a header, or with sar_* TLVs. Binds of 3.3 get parts with a header."
        ),
    ] = "payload"
    receipts_by: Annotated[
        Literal["deliver_sm", "data_sm"], Meta(description="The PDU that carries receipts; 3.3 knows deliver_sm alone.")
    ] = "deliver_sm"
    utc_offset_min: Annotated[
        int,
        Meta(ge=-720, le=840, multiple_of=15, description="Time zone of dates in receipts, in minutes ahead of UTC."),
    ] = 0
    receipt_retry_s: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="How long a receipt that is not taken is sent again; unset until its record is forgotten."),
    ] = None
    max_transmitters: Annotated[_Binds, Meta(description="bind_transmitter at once; unset as many as binds.")] = None
    max_receivers: Annotated[_Binds, Meta(description="bind_receiver at once; unset as many as binds.")] = None
    max_transceivers: Annotated[_Binds, Meta(description="bind_transceiver at once; unset as many as binds.")] = None
    echo_reference: Annotated[
        bool, Meta(description="Receipts carry the user_message_reference of what they are of.")
    ] = True
    clamp_validity: Annotated[
        bool, Meta(description="A validity_period over the longest allowed is cut to it instead of refused.")
    ] = False
    quota_status: Annotated[
        int, Meta(ge=1, le=0xFFFFFFFF, description="command_status that tells that a quota is used up.")
    ] = 0x58
    replace_if_present: Annotated[
        Literal["refuse", "ignore"],
        Meta(description="A submit_sm with replace_if_present_flag 1: refused, or a message like any other."),
    ] = "refuse"
    protocol_ids: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=255)], ...],
        Meta(
            description="protocol_id values that reach the operator. Of others 0x40 to 0x7F, which change what a phone "
            "does with a message, are refused, and the rest counts as 0."
        ),
    ] = ()
    priority: Annotated[bool, Meta(description="priority_flag reaches the operator; otherwise it counts as 0.")] = False
    reply_path: Annotated[
        bool, Meta(description="The reply path bit of esm_class reaches the operator; otherwise it is refused.")
    ] = False


USUAL: Final = EsmeProfile()
NAMES: Final = EsmeProfile.__struct_fields__
_UNSET: Final = "none"


def with_words(standing: EsmeProfile, words: Iterable[str]) -> EsmeProfile:
    """The profile with `NAME=VALUE` of each word; commas part lists, and `none` unsets. Raises InvalidSetting."""
    fields: dict[str, Any] = {name: getattr(standing, name) for name in NAMES}
    for word in words:
        name, is_there, value = word.partition("=")
        if not is_there or name not in NAMES:
            raise InvalidSetting(f"a profile takes NAME=VALUE, with a name of {', '.join(NAMES)}")
        fields[name] = _read(name, value)
    return EsmeProfile(**fields)


def _read(name: str, value: str) -> Any:
    """One value as its field takes it."""
    given: Any = value
    if name == "protocol_ids":
        given = [_number(each) for each in value.split(",") if each and value != _UNSET]
    elif value == _UNSET:
        given = None
    elif name == "quota_status":
        given = _number(value)
    try:
        return getattr(msgspec.convert({name: given}, EsmeProfile, strict=False), name)
    except msgspec.ValidationError:
        raise InvalidSetting(f"{name} takes {_expected(name)}") from None


def _expected(name: str) -> str:
    kind = mi.type_info(EsmeProfile)
    assert isinstance(kind, mi.StructType)
    (field,) = (each for each in kind.fields if each.name == name)
    return expected(field.type) + (f", or {_UNSET}" if may_be_unset(field.type) else "")


def _number(written: str) -> int | str:
    """A whole number, in hexadecimal digits behind 0x; what is none is left for its type to refuse."""
    try:
        return int(written, 0)
    except ValueError:
        return written
