"""What this engine stores, field by field, as the data inventory names it (P-07). A test compares it with the types."""

from typing import Final

from gateway.ledger.fields import FIELDS

_TABLES: Final = {
    "message": " ".join(each.stored_as for each in FIELDS),
    "correlation": "operator operator_message_id message segment",
    "outbox": "seq customer message status at_ms next_ms attempts esme kind data",
    "inbox": "customer message until_ms name answer content private segments encoding due_ms expires_ms notify "
    "last_two operator candidates state error_code done_at_ms",
    "idempotency": "customer digest message expires_ms",
    "customer": "id public_id account settings created_ms disabled_ms version",
    "api_key": "id customer prefix digest scopes settings created_ms expires_ms revoked_ms version",
    "esme": "id customer system_id password settings created_ms revoked_ms version",
    "endpoint": "customer url secret settings state failing_since_ms disabled_ms version",
    "document": "kind key octets version",
    "audit_pending": "number octets",
    "permission": "kind customer token word stands changed_ms ends_ms details number",
    "counter": "bucket name value",
    "spending": "customer micro",
    "reservation": "message customer micro",
    "demand": "node owner per_s at_ms",
    "usage": "customer hour class country status operator messages segments",
    "traffic": "day customer operator country class status messages segments",
    "meta": "key value",
}
STORED_FIELDS: Final = tuple(f"{table}.{column}" for table, columns in _TABLES.items() for column in columns.split())
