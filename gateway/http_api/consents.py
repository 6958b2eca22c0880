"""What customers tell of their people: consents and suppressions, one at a time; the command line takes in files.

A withdrawal is durable before it is answered, and holds on every node within a second.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from gateway.accept.validation import parse_time
from gateway.accounts.customers import ApiKey
from gateway.audit.actor import Actor, ActorKind
from gateway.audit.entries import known
from gateway.consent.correcting import Corrections, UnknownConsent
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.importing import AHEAD_MS
from gateway.consent.purposes import is_option, option_key, scope_of
from gateway.consent.rows import Consent, Means, Proof, Source
from gateway.consent.views import consent_view
from gateway.consent.wordings import Wordings, named
from gateway.http_api.auth import Gatekeeper
from gateway.http_api.body import read_json_body
from gateway.http_api.decoding import decode
from gateway.http_api.replies import Replies, Reply
from gateway.http_api.routes import Call
from gateway.http_api.stopping import StopPage
from gateway.model.numbers import parse_number
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from redaction.errors import alone
from redaction.personal import Msisdn
from redaction.stop_links import StopLinks

BODY_BYTES: Final = 8_192
READ_S: Final = 10.0
_HASH_DIGITS: Final = 64
_encode: Final = msgspec.json.Encoder().encode

R = TypeVar("R", bound=msgspec.Struct)
Number = Annotated[str, Meta(description="The person's number; nothing but keyed tokens of it is kept.", max_length=64)]
Purpose = Literal["promotional", "awareness"]
OptionName = Annotated[
    str, Meta(description="A sender of yours, to whose messages it is limited; empty for all.", max_length=32)
]
MeansName = Literal["web", "api", "sms", "paper", "verbal"]
Scope = Annotated[
    str,
    Meta(
        description="`all`, `purpose:promotional`, `purpose:awareness` or `sender:NAME`.",
        pattern=r"^(all|purpose:(promotional|awareness)|sender:.{1,32})$",
    ),
]


class ConsentRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Somebody consents."""

    number: Number
    purpose: Purpose = "promotional"
    option: OptionName = ""
    means: MeansName = "web"
    given_at: Annotated[str | None, Meta(description="RFC 3339; now without it.")] = None
    wording: Annotated[
        str, Meta(description="What was agreed to: id, `name` or `name:version` of a wording.", max_length=100)
    ] = ""
    evidence: Annotated[
        str, Meta(description="SHA-256 of a document that you keep, in hexadecimal.", pattern="^([0-9a-f]{64})?$")
    ] = ""
    prior_interaction: bool = False

    def __repr__(self) -> str:
        return "ConsentRequest(•••)"


class WithdrawRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Somebody withdraws; every purpose, where none is named."""

    number: Number
    purpose: Literal["promotional", "awareness", ""] = ""
    option: OptionName = ""
    means: MeansName = "web"

    def __repr__(self) -> str:
        return "WithdrawRequest(•••)"


class CorrectRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What was written down wrong of a consent; what is left out stands. Whether it was given or withdrawn is not
    corrected: give or withdraw it.
    """

    number: Number
    purpose: Purpose = "promotional"
    option: OptionName = ""
    given_at: Annotated[str | None, Meta(description="When it was given, RFC 3339.")] = None
    means: MeansName | None = None
    wording: Annotated[str, Meta(description="Id, `name` or `name:version` of a wording.", max_length=100)] | None = (
        None
    )
    prior_interaction: bool | None = None

    def __repr__(self) -> str:
        return "CorrectRequest(•••)"


class Corrected(msgspec.Struct, frozen=True):
    """It is on disk. corrected: which fields say something else now."""

    corrected: list[str]


class PersonRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whose consents are to be shown."""

    number: Number

    def __repr__(self) -> str:
        return "PersonRequest(•••)"


class SuppressionRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What somebody stops, or permits again."""

    number: Number
    scope: Scope = "all"

    def __repr__(self) -> str:
        return "SuppressionRequest(•••)"


class ConsentChanged(msgspec.Struct, frozen=True):
    """It is on disk. changed: how many of our rows say something else now; 0 where they said it already, or something
    later is known.
    """

    changed: int


class ConsentProof(msgspec.Struct, frozen=True):
    """What one person permitted and stopped, and the texts that it agreed to."""

    consents: list[dict[str, Any]]
    suppressions: list[dict[str, Any]]
    wordings: dict[str, dict[str, Any]]
    unreadable: int


class ConsentSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where consents are. desk, wordings: in the hands of an actor. region: of numbers without a country code. links:
    by which people stop. of: whose a customer's number is.
    """

    desk: Callable[[Actor], ConsentDesk]
    wordings: Callable[[Actor], Wordings]
    region: Callable[[], str]
    links: Callable[[], StopLinks]
    of: Callable[[int], Of | None]

    def stop_page(self, replies: Replies) -> StopPage:
        return StopPage(self.links, self.of, self.desk(Actor(ActorKind.NODE)), replies)


class ConsentActs:
    """What is done, for whoever may do it. Raises Refusal, LedgerUnavailable and KeysWithheld."""

    def __init__(self, source: ConsentSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    async def give(self, actor: Actor, of: Of, asked: ConsentRequest) -> ConsentChanged:
        number = self._number(asked.number)
        proof = Proof(
            given_ms=self._given_ms(asked.given_at),
            means=Means(asked.means),
            wording=await self._wording(actor, of, asked.wording),
            evidence=bytes.fromhex(asked.evidence),
            prior=asked.prior_interaction,
        )
        consent = Consent(purpose=asked.purpose, option=_option(asked.option), proof=proof)
        return ConsentChanged(int(await self._source.desk(actor).give(of, number, consent)))

    async def withdraw(self, actor: Actor, of: Of, asked: WithdrawRequest) -> ConsentChanged:
        number, option, means = self._number(asked.number), _option(asked.option), Means(asked.means)
        desk = self._source.desk(actor)
        return ConsentChanged(await desk.withdraw(of, number, means, purpose=asked.purpose, option=option))

    async def correct(self, actor: Actor, of: Of, asked: CorrectRequest) -> Corrected:
        right = Corrections(
            given_ms=None if asked.given_at is None else self._given_ms(asked.given_at),
            means=None if asked.means is None else Means(asked.means),
            wording=None if asked.wording is None else await self._wording(actor, of, asked.wording),
            prior=asked.prior_interaction,
        )
        number, option = self._number(asked.number), _option(asked.option)
        try:
            return Corrected(await self._source.desk(actor).correct(of, number, asked.purpose, option, right))
        except UnknownConsent:
            raise alone(Refusal("not_found")) from None

    async def prove(self, actor: Actor, of: Of, asked: PersonRequest) -> ConsentProof:
        standing = await self._source.desk(actor).show(of, self._number(asked.number))
        view = consent_view(standing, await self._source.wordings(actor).of(of.id))
        return msgspec.convert(view, ConsentProof)

    async def suppress(self, actor: Actor, of: Of, asked: SuppressionRequest) -> ConsentChanged:
        number, scope = self._number(asked.number), _scope(asked.scope)
        return ConsentChanged(int(await self._source.desk(actor).suppress(of, number, scope, Source.API)))

    async def permit(self, actor: Actor, of: Of, asked: SuppressionRequest) -> ConsentChanged:
        number, scope = self._number(asked.number), _scope(asked.scope)
        return ConsentChanged(await self._source.desk(actor).permit(of, number, scope))

    async def _wording(self, actor: Actor, of: Of, written: str) -> bytes:
        if not written:
            return b""
        found = named(await self._source.wordings(actor).of(of.id), written)
        if found is None:
            raise Refusal("invalid_value", "wording")
        return found

    def _number(self, written: str) -> Msisdn:
        found = parse_number(written, self._source.region())
        if found is None:
            raise Refusal("invalid_number" if written else "empty_field", "number")
        return found

    def _given_ms(self, written: str | None) -> int:
        now_ms = self._clock.now_ms()
        if written is None:
            return now_ms
        found = parse_time(written)
        if found is None or not 0 < found <= now_ms + AHEAD_MS:
            raise Refusal("invalid_value", "given_at")
        return found


class ConsentEndpoints:
    """What customers do with a key of theirs."""

    def __init__(self, acts: ConsentActs, gatekeeper: Gatekeeper, replies: Replies) -> None:
        self._acts = acts
        self._gatekeeper = gatekeeper
        self._replies = replies

    async def give(self, call: Call) -> Reply:
        return await self._do(call, "consents", _CONSENT, self._acts.give)

    async def withdraw(self, call: Call) -> Reply:
        return await self._do(call, "consents", _WITHDRAWAL, self._acts.withdraw)

    async def correct(self, call: Call) -> Reply:
        return await self._do(call, "consents", _CORRECTION, self._acts.correct)

    async def prove(self, call: Call) -> Reply:
        return await self._do(call, "consents", _PERSON, self._acts.prove, status=200)

    async def suppress(self, call: Call) -> Reply:
        return await self._do(call, "suppressions", _SUPPRESSION, self._acts.suppress)

    async def permit(self, call: Call) -> Reply:
        return await self._do(call, "suppressions", _SUPPRESSION, self._acts.permit)

    async def _do(
        self,
        call: Call,
        scope: str,
        decoder: msgspec.json.Decoder[R],
        act: Callable[[Actor, Of, R], Awaitable[msgspec.Struct]],
        *,
        status: int = 202,
    ) -> Reply:
        key = self._gatekeeper.open(call.request, scope)
        asked = decode(decoder, await read_json_body(call.request, BODY_BYTES, READ_S))
        done = await act(_actor(key), Of(key.customer.id, key.customer.public_id), asked)
        return self._replies.of(status, _encode(done))


_CONSENT: Final = msgspec.json.Decoder(ConsentRequest)
_WITHDRAWAL: Final = msgspec.json.Decoder(WithdrawRequest)
_CORRECTION: Final = msgspec.json.Decoder(CorrectRequest)
_PERSON: Final = msgspec.json.Decoder(PersonRequest)
_SUPPRESSION: Final = msgspec.json.Decoder(SuppressionRequest)


def _actor(key: ApiKey) -> Actor:
    return Actor(ActorKind.KEY, known("key", f"key_{key.prefix}"))


def _option(written: str) -> str:
    if not is_option(written):
        raise Refusal("invalid_value", "option")
    return option_key(written) if written else ""


def _scope(written: str) -> str:
    found = scope_of(written)
    if found is None:
        raise Refusal("invalid_value", "scope")
    return found
