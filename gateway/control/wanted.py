"""What may be wanted of the gateway, and how it is stored: a document for each thing, which holds until it is set anew.

What is wanted of something that has no document is the default of its type. A build that knows more may write more;
what it adds is passed over here, and a value that cannot be read is `Unreadable`.

Reasons are words of people: they are sealed, and opened for whoever looks into why. The audit log has a commitment to
each, and no more.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from gateway.audit.actor import Actor
from gateway.ledger.contract import ROW_FAULTS, Document
from gateway.model.times import EpochMs

KIND: Final = "wanted"
ACCEPTING: Final = "accepting"
DISPATCH: Final = "dispatch"
SLOWEST_PER_S: Final = 0.01
FASTEST_PER_S: Final = 100_000.0
_OPERATOR: Final = "operator:"
_NODE: Final = "node:"
_ESME: Final = "esme:"
_ROUTE: Final = "route:"
HEAVIEST: Final = 1_000
"""Of weights: shares of an operator of a line."""


class OperatorWanted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a link to an operator. state: `paused`: nothing is submitted. `draining`: new messages go elsewhere, where
    their route names another operator. reroute_to: the operator that gets what waits; only while paused.

    throughput_per_s: of a node's whole link, instead of that of the settings, until `throughput_until_ms`, if that is
    set. rebinds: how often its binds were to be made anew, ever.
    """

    state: Literal["on", "paused", "draining"] = "on"
    reroute_to: str = ""
    throughput_per_s: Annotated[float, Meta(ge=SLOWEST_PER_S, le=FASTEST_PER_S)] | None = None
    throughput_until_ms: EpochMs | None = None
    rebinds: Annotated[int, Meta(ge=0)] = 0

    def at(self, now_ms: int, share: float = 1.0) -> "OperatorWanted":
        """What of it holds at this time, for a process that has this share of its node's throughput."""
        per_s, until_ms = self.throughput_per_s, self.throughput_until_ms
        if until_ms is not None and until_ms <= now_ms:
            return msgspec.structs.replace(self, throughput_per_s=None, throughput_until_ms=None)
        return self if per_s is None else msgspec.structs.replace(self, throughput_per_s=per_s * share)


class NodeWanted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of all processes of a node. draining: it takes no new messages, and sends those that it has."""

    draining: bool = False


class Switch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of all nodes: whether they take messages, or whether they send them."""

    on: bool = True


class EsmeWanted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of the binds of an account. disconnects: how often those that were there were to end, ever."""

    disconnects: Annotated[int, Meta(ge=0)] = 0


class RouteWanted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of a line of the route table. enabled: or it is passed over. weights: by operator, instead of those of the
    settings; of a line that goes by weight.
    """

    enabled: bool = True
    weights: Mapping[str, Annotated[int, Meta(ge=1, le=HEAVIEST)]] = {}


W = TypeVar("W", OperatorWanted, NodeWanted, EsmeWanted, RouteWanted, Switch)
AS_USUAL: Final = OperatorWanted()


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """by: who set it. why: the sealed reason, b'' where nothing was ever set."""

    by: Actor
    at_ms: EpochMs
    why: bytes = b""


class Wanted(msgspec.Struct, Generic[W], frozen=True, kw_only=True):
    """What is wanted of one thing. version: of its document, 0 where there is none. said: None there, too."""

    what: str
    value: W
    version: int = 0
    said: Said | None = None


class Unreadable(ValueError):
    """What is wanted cannot be read by this version."""


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    said: Said
    value: msgspec.Raw


_decode: Final = msgspec.msgpack.Decoder(_Stored).decode
encode: Final = msgspec.msgpack.Encoder().encode


def of_operator(name: str) -> str:
    return _OPERATOR + name


def of_node(name: str) -> str:
    return _NODE + name


def of_esme(account: int) -> str:
    return f"{_ESME}{account}"


def operator_in(what: str) -> str | None:
    """The operator of which something is wanted."""
    return what.removeprefix(_OPERATOR) if what.startswith(_OPERATOR) else None


def node_in(what: str) -> str | None:
    """The node of which something is wanted."""
    return what.removeprefix(_NODE) if what.startswith(_NODE) else None


def of_route(route: str) -> str:
    return _ROUTE + route


def route_in(what: str) -> str | None:
    """The line of the route table of which something is wanted, by its id."""
    return what.removeprefix(_ROUTE) if what.startswith(_ROUTE) else None


def esme_in(what: str) -> int | None:
    """The account, by number, of whose binds something is wanted."""
    number = what.removeprefix(_ESME)
    return int(number) if what.startswith(_ESME) and number.isdecimal() and number.isascii() else None


def pack(value: OperatorWanted | NodeWanted | EsmeWanted | RouteWanted | Switch, said: Said) -> bytes:
    return encode(_Stored(said=said, value=msgspec.Raw(encode(value))))


def unpack(document: Document, kind: type[W]) -> Wanted[W]:
    """Raises Unreadable."""
    try:
        stored = _decode(document.octets)
        value: Any = msgspec.msgpack.decode(stored.value, type=kind)
    except ROW_FAULTS:
        raise Unreadable(document.key) from None
    return Wanted(what=document.key, value=value, version=document.version, said=stored.said)
