"""An operator over HTTP: where messages go, what their fields are called there, and where receipts come in."""

from typing import Annotated

import msgspec
from msgspec import Meta

from config.secret import SecretRef

_Name = Annotated[str, Meta(min_length=1)]


class RestFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the JSON of a message calls its fields. One that is unset does not leave, whatever the contract allows."""

    destination: Annotated[_Name, Meta(description="Recipient, `+` and digits.")] = "to"
    source: Annotated[_Name | None, Meta(description="Sender name, or `+` and digits.")] = "from"
    text: Annotated[_Name, Meta(description="The message.")] = "text"
    receipt: Annotated[_Name | None, Meta(description="Whether a receipt is wanted; true or false.")] = None
    validity: Annotated[_Name | None, Meta(description="Seconds in which to deliver.")] = None
    reference: Annotated[
        _Name | None, Meta(description="A fresh random name of the request, for the operator to know a repetition by.")
    ] = None
    flash: Annotated[_Name | None, Meta(description="Show at once, do not store; true or false.")] = None


class RestStates(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words for a message's state in receipts, in any case of letters."""

    delivered: Annotated[tuple[str, ...], Meta(description="It arrived.")] = ("delivered", "delivrd")
    undeliverable: Annotated[tuple[str, ...], Meta(description="It did not and will not.")] = (
        "undelivered",
        "undeliv",
        "failed",
    )
    expired: Annotated[tuple[str, ...], Meta(description="Its time ran out.")] = ("expired",)
    rejected: Annotated[tuple[str, ...], Meta(description="It was refused.")] = ("rejected", "rejectd")
    enroute: Annotated[tuple[str, ...], Meta(description="It is on its way; other words count as unknown.")] = (
        "sent",
        "accepted",
        "queued",
    )


class RestCallback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the operator posts receipts, as JSON: one, or a list of them. It answers when they are durable."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)] | None, Meta(description="TCP port; 0 takes a free one; unset is none.")
    ] = None
    shared_port: Annotated[
        bool, Meta(description="Other processes of this user listen there too; `serve --workers` sets it.")
    ] = False
    password: Annotated[
        SecretRef, Meta(description="Place of the secret that the operator presents as a bearer token; required.")
    ] = SecretRef()
    tls_certificate: Annotated[_Name | None, Meta(description="PEM file with the certificate and its chain.")] = None
    tls_key: Annotated[_Name | None, Meta(description="PEM file with the private key.")] = None
    id: Annotated[_Name, Meta(description="Path of the message's id; dots lead into objects.")] = "id"
    status: Annotated[_Name, Meta(description="Path of the state.")] = "status"
    error: Annotated[_Name | None, Meta(description="Path of the network's error code.")] = None
    states: Annotated[RestStates, Meta(description="Words for states.")] = RestStates()


class RestSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For kind `rest`: one POST with a JSON object per message, over connections that stay open."""

    url: Annotated[
        str, Meta(description="Where messages are posted; https, unless on this machine or in a tunnel.")
    ] = ""
    connections: Annotated[int, Meta(ge=1, le=256, description="Connections, and requests under way at once.")] = 8
    constants: Annotated[
        tuple[Annotated[str, Meta(pattern="^[^=]+=.*$")], ...],
        Meta(description="Further fields of every message, as `name=text`: an account or a channel."),
    ] = ()
    id: Annotated[_Name, Meta(description="Path of the message's id in the answer; dots lead into objects.")] = "id"
    fields: Annotated[RestFields, Meta(description="Names of the fields.")] = RestFields()
    callback: Annotated[RestCallback, Meta(description="Where receipts come in.")] = RestCallback()
