"""The requests that the gateway makes to customers, for the OpenAPI description: one event, or a batch of them."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from gateway.model.message import WAITING, Status
from gateway.rights.news import SUBJECT_ERASED, ErasedData
from gateway.webhooks.checkpoints import EVENT, CheckpointData
from gateway.webhooks.delivery import MAX_BATCH
from gateway.webhooks.payload import BATCH_TYPE, MessageData, ReceivedData

Document = dict[str, Any]

TAG: Final = "webhooks"
_TYPES: Final = {
    "MessageEvent": ([f"message.{each}" for each in Status if each not in {*WAITING, Status.RECEIVED}], "MessageData"),
    "ReceivedEvent": ([f"message.{Status.RECEIVED}"], "ReceivedData"),
    "CheckpointEvent": ([EVENT], "CheckpointData"),
    "ErasedEvent": ([SUBJECT_ERASED], "ErasedData"),
}
_TIME: Final[Document] = {"type": "string", "format": "date-time"}
_ID: Final[Document] = {
    "type": "string",
    "description": "The same whenever this event is sent: the `webhook-id` that it would have alone.",
}
_HEADERS: Final = (
    ("webhook-id", "string", "The same when the same is sent again; what came before may be dropped."),
    ("webhook-timestamp", "integer", "Seconds since the epoch, when this attempt was made. Refuse what is old."),
    ("webhook-signature", "string", "`v1,` and an HMAC in Base64, as Standard Webhooks have it; several, with blanks."),
)
_RESPONSES: Final[Document] = {
    "2XX": {"description": "Taken; it is not sent again."},
    "410": {"description": "The endpoint is gone: it is disabled, what waits is kept."},
    "default": {"description": "Not taken: it is sent again, over days, a batch in halves."},
}
_DELIVERED: Final[Document] = {
    "type": "message.delivered",
    "timestamp": "2026-11-24T08:00:03.120Z",
    "data": {
        "id": "0199b1f0c8d000010123456789abcdef",
        "status": "delivered",
        "to": "+966•••••••78",
        "segments": 1,
        "accepted_at": "2026-11-24T08:00:00.000Z",
        "submitted_at": "2026-11-24T08:00:00.040Z",
        "final_at": "2026-11-24T08:00:03.120Z",
    },
}
_RECEIVED: Final[Document] = {
    "type": "message.received",
    "timestamp": "2026-11-24T08:00:00.000Z",
    "data": {
        "id": "0199b1f0c8d000020123456789abcdef",
        "from": "+966500000078",
        "to": "90909",
        "text": "STOP",
        "segments": 1,
        "received_at": "2026-11-24T08:00:00.000Z",
    },
}
_CHECKPOINT: Final[Document] = {
    "type": EVENT,
    "timestamp": "2026-11-24T00:10:00.000Z",
    "data": {
        "log": "connect-gateway/audit/0199b1f0c8d00001",
        "size": 4711,
        "checkpoint": "connect-gateway/audit/0199b1f0c8d00001\n4711\n47DEQpj8HBSa…\n\n— connect-gateway/audit/… …\n",
    },
}
_ERASED: Final[Document] = {
    "type": SUBJECT_ERASED,
    "timestamp": "2026-11-24T08:00:00.000Z",
    "data": {"messages": ["0199b1f0c8d000020123456789abcdef"]},
}
_BATCH: Final[Document] = {
    "type": BATCH_TYPE,
    "timestamp": "2026-11-24T08:00:03.200Z",
    "data": [{"id": f"{_DELIVERED['data']['id']}.delivered", **_DELIVERED}],
}


def webhook_schemas(ref_template: str) -> Mapping[str, Document]:
    """The types, by name."""
    payloads = (MessageData, ReceivedData, ErasedData, CheckpointData)
    _, data = msgspec.json.schema_components(payloads, ref_template=ref_template)
    schemas: dict[str, Document] = dict(data)
    for name, (types, inner) in _TYPES.items():
        kind: Document = {"type": "string", "enum": types}
        schemas[name] = _object(type=kind, timestamp=_TIME, data={"$ref": ref_template.format(name=inner)})
        schemas[f"{name}Entry"] = _object(id=_ID, **schemas[name]["properties"])
    entries = [{"$ref": ref_template.format(name=f"{name}Entry")} for name in _TYPES]
    schemas["Batch"] = _object(
        type={"type": "string", "enum": [BATCH_TYPE]},
        timestamp=_TIME,
        data={"type": "array", "minItems": 1, "maxItems": MAX_BATCH, "items": {"anyOf": entries}},
    )
    return schemas


def webhooks(ref_template: str) -> Document:
    """The `webhooks` of the description."""
    told = (
        ("message", "MessageEvent", "A message has ended; or an operator has it, where the endpoint asks.", _DELIVERED),
        ("received", "ReceivedEvent", "A person wrote to a number of yours.", _RECEIVED),
        ("checkpoint", "CheckpointEvent", "What was signed of the audit log, once a day.", _CHECKPOINT),
        ("erased", "ErasedEvent", "A person was erased: these messages of yours are no more.", _ERASED),
        ("batch", "Batch", f"Up to {MAX_BATCH} events, where the endpoint was set with `--batch`.", _BATCH),
    )
    return {
        name: {"post": _request(name, summary, {"$ref": ref_template.format(name=schema)}, example)}
        for name, schema, summary, example in told
    }


def _request(name: str, summary: str, schema: Document, example: Document) -> Document:
    return {
        "operationId": f"webhook{name.capitalize()}",
        "summary": summary,
        "description": "Events of one message come in order; each comes at least once.",
        "tags": [TAG],
        "parameters": [
            {"name": header, "in": "header", "required": True, "description": about, "schema": {"type": kind}}
            for header, kind, about in _HEADERS
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}},
        "responses": _RESPONSES,
    }


def _object(**properties: Document) -> Document:
    return {"type": "object", "properties": properties, "required": list(properties)}
