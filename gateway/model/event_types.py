"""The types of events that a webhook endpoint may ask for. `gateway.test` comes when somebody asks, whatever is set."""

from typing import Final

from gateway.model.message import WAITING, Status

MESSAGE_PREFIX: Final = "message."
SUBMITTED: Final = f"{MESSAGE_PREFIX}{Status.SUBMITTED}"
CHECKPOINT: Final = "audit.checkpoint"
OF_MESSAGES: Final = tuple(f"{MESSAGE_PREFIX}{each}" for each in Status if each not in WAITING)
OF_OTHERS: Final = (CHECKPOINT, "subject.erased", "quota.warning", "balance.low")
EVENT_TYPES: Final = (*OF_MESSAGES, *OF_OTHERS)
