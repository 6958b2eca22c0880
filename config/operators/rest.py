"""An operator over HTTP: where messages go, what their fields are called there, and where receipts come in."""

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self

import msgspec
from msgspec import Meta

from config.findings import PLAIN_LISTENER, Finding, is_loopback, split_url
from config.operators.egress import EgressFieldName
from config.operators.link import NetworkLinkSettings
from config.problems import Severity
from config.secret import SecretRef
from config.share import Share

_Name = Annotated[str, Meta(min_length=1)]
_Header = Annotated[str, Meta(pattern="^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
_Status = Annotated[int, Meta(ge=300, le=599)]
AuthName = Literal["bearer", "basic", "header", "field", "hmac", "none"]
CallbackAuthName = Literal["bearer", "basic", "header", "hmac", "url"]

REFUSED_STATUSES: Final = (400, 409, 413, 414, 422, 451)
"""HTTP statuses that speak of the message; all others of 300 to 499 speak of the link (RFC 9110 §15)."""


class RestFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the JSON of a message calls its fields. One that is unset does not leave, whatever the contract allows."""

    destination: Annotated[_Name, Meta(description="Recipient, `+` and digits.")] = "to"
    source: Annotated[_Name | None, Meta(description="Sender name, or `+` and digits.")] = "from"
    text: Annotated[_Name, Meta(description="The message.")] = "text"
    receipt: Annotated[_Name | None, Meta(description="Whether a receipt is wanted; true or false.")] = None
    validity: Annotated[_Name | None, Meta(description="Seconds in which to deliver.")] = None
    reference: Annotated[
        _Name | None,
        Meta(description="A name of the message, the same at each attempt, for the operator to know a repetition by."),
    ] = None
    flash: Annotated[_Name | None, Meta(description="Show at once, do not store; true or false.")] = None


class RestSuccess(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an answer of 200 to 299 has to say. Unset, the status alone is a success."""

    path: Annotated[_Name | None, Meta(description="Path of the value that tells; dots lead into objects.")] = None
    words: Annotated[
        tuple[str, ...],
        Meta(description="Values that say that the message was taken, in any case of letters; none: any value does."),
    ] = ()
    refused: Annotated[
        tuple[str, ...],
        Meta(description="Values that refuse the message for good; any other is a fault of the link, and tried again."),
    ] = ()
    refused_path: Annotated[_Name | None, Meta(description="Path of those values; unset is `path`.")] = None


class RestStates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words for a message's state in receipts, in any case of letters; a number is a word, too: `"1"`."""

    delivered: Annotated[tuple[str, ...], Meta(description="It arrived.")] = ("delivered", "delivrd")
    undeliverable: Annotated[tuple[str, ...], Meta(description="It did not and will not.")] = (
        "undelivered",
        "undeliv",
        "failed",
    )
    expired: Annotated[tuple[str, ...], Meta(description="Its time ran out.")] = ("expired",)
    rejected: Annotated[tuple[str, ...], Meta(description="It was refused.")] = ("rejected", "rejectd")
    unknown: Annotated[tuple[str, ...], Meta(description="The operator does not know and does not ask further.")] = (
        "unknown",
    )
    enroute: Annotated[
        tuple[str, ...], Meta(description="It is on its way, as with any word that is in no list (S-46).")
    ] = (
        "sent",
        "accepted",
        "queued",
    )


class RestCallback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the operator sends receipts, as JSON or as a form, one or a list. It answers when they are durable."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)] | None, Meta(description="TCP port; 0 takes a free one; unset is none.")
    ] = None
    shared_port: Annotated[
        bool, Meta(description="Other processes of this user listen there too; `serve --workers` sets it.")
    ] = False
    get: Annotated[bool, Meta(description="Take receipts by GET as well, from the query.")] = False
    auth: Annotated[
        CallbackAuthName,
        Meta(
            description="How the operator presents the secret: as a bearer token, as the password of Basic, as a "
            "header, as a parameter or the last step of the URL, or as the key of an HMAC-SHA256 of the body, in "
            "hexadecimal or base64, in a header."
        ),
    ] = "bearer"
    auth_name: Annotated[
        str, Meta(description="Name of that header or parameter, or the user of Basic; empty is the URL's last step.")
    ] = ""
    password: Annotated[SecretRef, Meta(description="Place of the secret that the operator presents; required.")] = (
        SecretRef()
    )
    body_limit_bytes: Annotated[int, Meta(ge=1024, le=16_777_216, description="Longest request that is read.")] = (
        1_048_576
    )
    tls_certificate: Annotated[_Name | None, Meta(description="PEM file with the certificate and its chain.")] = None
    tls_key: Annotated[_Name | None, Meta(description="PEM file with the private key.")] = None
    items: Annotated[_Name | None, Meta(description="Path of the list of receipts in its envelope.")] = None
    max_connections: Annotated[
        int, Meta(ge=1, description="Open connections; idle ones end for newcomers, more are told 503.")
    ] = 256
    id: Annotated[_Name, Meta(description="Path of the message's id; dots lead into objects.")] = "id"
    reference: Annotated[
        _Name | None,
        Meta(description="Path of our reference, by which a receipt is found as well, also after a time-out."),
    ] = None
    status: Annotated[_Name, Meta(description="Path of the state.")] = "status"
    error: Annotated[_Name | None, Meta(description="Path of the network's error code.")] = None
    pattern: Annotated[
        _Name | None,
        Meta(description="Regular expression for receipts that are neither JSON nor a form; each match is one."),
    ] = None
    states: Annotated[RestStates, Meta(description="Words for states.")] = RestStates()


class RestSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request per message, a POST with a JSON object unless said otherwise, over connections that stay open."""

    url: Annotated[
        str, Meta(description="Where messages are posted; https, unless on this machine or in a tunnel.")
    ] = ""
    body: Annotated[
        Literal["json", "form", "query"],
        Meta(description="How the fields go: as a JSON object or a form that is posted, or in the query of a GET."),
    ] = "json"
    auth: Annotated[
        AuthName,
        Meta(
            description="How `password` is presented: as a bearer token, as the password of Basic, as a header, as a "
            "field of the message, as the key of an HMAC-SHA256 of the body, in hexadecimal in a header; or not at all."
        ),
    ] = "bearer"
    auth_name: Annotated[str, Meta(description="Name of that header or field, or the user of Basic.")] = ""
    idempotency_header: Annotated[
        _Header | None,
        Meta(description="Header with the message's reference, such as `Idempotency-Key`."),
    ] = None
    refused_statuses: Annotated[
        tuple[_Status, ...],
        Meta(
            description="HTTP statuses that refuse the message for good. Others from 300 on are a fault of the link: "
            "the message is tried again, and by the next operator of its route. 409 after an attempt without an answer "
            "says that the message was taken."
        ),
    ] = REFUSED_STATUSES
    success: Annotated[RestSuccess, Meta(description="What a success says.")] = RestSuccess()
    connections: Annotated[int, Meta(ge=1, le=256, description="Connections, and requests under way at once.")] = 8
    constants: Annotated[
        tuple[Annotated[str, Meta(pattern="^[^=]+=.*$")], ...],
        Meta(description="Further fields of every message, as `name=text`: an account or a channel."),
    ] = ()
    id: Annotated[_Name, Meta(description="Path of the message's id in the answer; dots lead into objects.")] = "id"
    answer_pattern: Annotated[
        _Name | None,
        Meta(
            description="Regular expression for answers that are no JSON (XML, plain text); its named groups are what "
            "paths lead to: `<id>(?P<id>[^<]+)`."
        ),
    ] = None
    fields: Annotated[RestFields, Meta(description="Names of the fields.")] = RestFields()
    callback: Annotated[RestCallback, Meta(description="Where receipts come in.")] = RestCallback()


class RestOperatorSettings(NetworkLinkSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="rest"):
    """An operator over HTTP."""

    rest: Annotated[RestSettings, Meta(description="Messages, answers and receipts.")] = RestSettings()

    def peer_host(self) -> str:
        return split_url(self.rest.url).hostname or ""

    def said_fields(self) -> frozenset[EgressFieldName]:
        """What the form of the messages has a name for; nothing else leaves, and no record says that it did."""
        names = self.rest.fields
        optional: dict[EgressFieldName, str | None] = {
            "source": names.source,
            "registered_delivery": names.receipt,
            "validity": names.validity,
            "reference": names.reference or self.rest.idempotency_header,
        }
        return frozenset(field for field, name in optional.items() if name is not None)

    def lines(self) -> tuple[str, int]:
        return "rest.connections", self.rest.connections

    def listens(self) -> tuple[str, int, bool] | None:
        callback = self.rest.callback
        return None if callback.port is None else (callback.host, callback.port, callback.shared_port)

    def descriptors(self) -> int:
        callback = self.rest.callback
        return self.rest.connections + (0 if callback.port is None else callback.max_connections)

    def of_worker(self, share: Share) -> Self:
        rest = msgspec.structs.replace(
            self.rest,
            connections=share.part(self.rest.connections) or self.rest.connections,
            callback=msgspec.structs.replace(self.rest.callback, shared_port=True),
        )
        return msgspec.structs.replace(self, rest=rest, throughput_per_s=self._throughput_of(share))

    def findings(self) -> Iterator[Finding]:
        yield from self._peer()
        yield from self._auth()
        yield from self._patterns()
        if self.rest.callback.port is not None:
            yield from self._callback()
        yield from super().findings()

    def _peer(self) -> Iterator[Finding]:
        """Where messages are posted, and how the way is protected (P-17, P-24)."""
        url = split_url(self.rest.url)
        if url.scheme not in ("http", "https") or not url.hostname or url.username is not None:
            yield ("rest", "url"), "invalid_url", "expected https://host/path without credentials", Severity.ERROR
        elif url.scheme == "http" and not (is_loopback(url.hostname) or self.register.tunnel):
            message = "a link to another machine needs https, or register.tunnel if it runs in one"
            yield ("rest", "url"), "plain_operator_link", message, Severity.ERROR

    def _auth(self) -> Iterator[Finding]:
        """What the settings name has to exist where it is to stand."""
        said = self.rest
        if said.auth in ("basic", "header", "field", "hmac") and not said.auth_name:
            yield ("rest", "auth_name"), "missing", "name the header, the field or the user", Severity.ERROR
        if said.callback.reference is not None and not (said.fields.reference or said.idempotency_header):
            message = "no receipt names a reference that was not sent: name fields.reference or idempotency_header"
            yield ("rest", "callback", "reference"), "missing", message, Severity.ERROR

    def _patterns(self) -> Iterator[Finding]:
        said = self.rest
        for at, pattern in (
            (("answer_pattern",), said.answer_pattern),
            (("callback", "pattern"), said.callback.pattern),
        ):
            try:
                named = re.compile(pattern or "(?P<id>)").groupindex
            except re.error:
                named = {}
            if not named:
                message = "expected a regular expression with named groups"
                yield ("rest", *at), "invalid_pattern", message, Severity.ERROR

    def _callback(self) -> Iterator[Finding]:
        """Who may post receipts, and over what."""
        said = self.rest.callback
        at = ("rest", "callback")
        if not said.password:
            yield (*at, "password"), "missing", "anybody could post receipts: name a secret", Severity.ERROR
        if said.auth in ("basic", "header", "hmac") and not said.auth_name:
            yield (*at, "auth_name"), "missing", "name the header or the user", Severity.ERROR
        if (said.tls_certificate is None) != (said.tls_key is None):
            yield at, "tls_incomplete", "tls_certificate and tls_key go together", Severity.ERROR
        if said.tls_certificate is None and not (is_loopback(said.host) or self.register.tunnel):
            yield (*at, "host"), "plain_public_listener", PLAIN_LISTENER, Severity.ERROR
