"""Who changes something: a small value that every change carries with it."""

import enum

import msgspec


class ActorKind(enum.Enum):
    """What kind of hand it is."""

    COMMAND_LINE = "command_line"
    NODE = "node"
    PERSON = "person"
    KEY = "key"  # a customer's API key
    TOKEN = "token"  # a machine that signs in with a token of its own  # noqa: S105


class Actor(msgspec.Struct, frozen=True, omit_defaults=True):
    """id: a random one, as `gateway.audit.entries` takes them, such as `usr_` and 16 hexadecimal digits; '' where
    there is none. why: a commitment to the reason for what is done, which its entry has then, too; b'' for none.
    """

    kind: ActorKind
    id: str = ""
    why: bytes = b""


COMMAND_LINE = Actor(ActorKind.COMMAND_LINE)
NODE = Actor(ActorKind.NODE)
