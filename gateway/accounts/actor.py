"""Who changes accounts: a small value that every change carries with it."""

import enum

import msgspec


class ActorKind(enum.Enum):
    """What kind of hand it is."""

    COMMAND_LINE = "command_line"
    NODE = "node"
    PERSON = "person"


class Actor(msgspec.Struct, frozen=True):
    """id: a person's random one; '' where there is none."""

    kind: ActorKind
    id: str = ""


COMMAND_LINE = Actor(ActorKind.COMMAND_LINE)
NODE = Actor(ActorKind.NODE)
