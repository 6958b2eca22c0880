"""The link to an operator of kind `loopback`."""

from config.operators import LoopbackOperatorSettings
from operators.base import MtMessage, Operator
from operators.kinds import Surroundings
from operators.loopback.client import LoopbackOperator
from operators.smpp.segments import plan
from redaction.personal import Purpose


def build(settings: LoopbackOperatorSettings, _around: Surroundings) -> Operator:
    return LoopbackOperator(settings.name, segments_of=_segments, room=settings.window)


def _segments(message: MtMessage) -> int:
    return 1 if message.data_coding is not None else plan(message.text.reveal(Purpose.DELIVER)).segments
