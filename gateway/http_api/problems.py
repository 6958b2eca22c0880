"""What codes mean, in words: of problems (RFC 9457), and of the `error` of a message."""

import msgspec

from gateway.model.catalogue import OURS, STATUSES, UNKNOWN, Meaning, meaning
from gateway.model.refusals import KINDS, Refusal, is_permanent


class ProblemKind(msgspec.Struct, frozen=True):
    """permanent: the same request is refused again as long as neither it nor the account is changed."""

    code: str
    status: int
    title: str
    permanent: bool


class ErrorKind(msgspec.Struct, frozen=True):
    """permanent: the same message would end so again; null where nobody here knows."""

    code: str
    meaning: str
    cure: str
    permanent: bool | None


class ProblemList(msgspec.Struct, frozen=True):
    """errors: of messages; eight hexadecimal digits are an SMPP command_status, and what is not listed is a code of
    the operator's own.
    """

    problems: list[ProblemKind]
    errors: list[ErrorKind]


def problem_list() -> ProblemList:
    words = {**OURS, **{f"{status:08x}": found for status, found in STATUSES.items()}}
    return ProblemList(
        [ProblemKind(code, kind.http, kind.title, is_permanent(code)) for code, kind in KINDS.items()],
        [ErrorKind(code, each.cause, each.cure, each.permanent) for code, each in words.items()],
    )


def told_of(code: str) -> str:
    """A few lines about a code. Raises Refusal for one that means nothing here."""
    kind, found = KINDS.get(code), meaning(code)
    if kind is not None:
        again = "It is refused again until it is changed." if is_permanent(code) else "It may be tried again."
        return f"{code} (HTTP {kind.http})\n\n{kind.title}\n{again}\n"
    if found is UNKNOWN:
        raise Refusal("not_found")
    return f"{code} (of a message)\n\n{found.cause}\n{_again(found)}\n{found.cure}\n"


def _again(found: Meaning) -> str:
    return "The same message would end so again." if found.permanent else "It may be sent again."
