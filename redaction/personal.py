"""Personal values that guard themselves.

A phone number, a message text or a credential inside the gateway is never a plain `str`. Each of the types here prints
as dots wherever a program prints things without thinking (`repr`, `str`, `format`, tracebacks, loggers), refuses to be
pickled, copied to JSON or hashed, and gives its value only to a caller who names a purpose. `reveal(Purpose.…)` is the
word to grep for.
"""

import enum
import hmac
from typing import Any, ClassVar, Final, NoReturn, Self


class Purpose(enum.Enum):
    """Why a personal value is being looked at (PRIVACY.md P-08)."""

    ACCEPT = "accept"  # validate, plan segments, pseudonymise and seal, on the way in
    DELIVER = "deliver"  # hand over to an operator under its egress contract
    INFORM_CUSTOMER = "inform_customer"  # notify the owner of the data of what became of it
    CREDENTIAL = "credential"  # compare or present a secret
    DATA_SUBJECT = "data_subject"  # answer a person's own request
    SECURITY = "security"
    LEGAL = "legal"
    LEGAL_HOLD = "legal_hold"  # seal anew what must not be destroyed yet
    IMPROVEMENT = "improvement"

    __hash__ = object.__hash__  # members are single; Enum's own hash is a Python call, and openings are counted by them


class Personal:
    """Base of the personal values: one guarded string."""

    __slots__ = ("_value",)
    _masked: ClassVar[str] = "•••"

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self, purpose: Purpose) -> str:
        """The value itself. `purpose` is a `Purpose`; anything else is a programming error."""
        if purpose.__class__ is not Purpose:
            raise TypeError("reveal takes a Purpose")
        return self._value

    def masked(self) -> str:
        """What may be shown to anybody."""
        return self._masked

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked()})"

    def __str__(self) -> str:
        return self.masked()

    def __format__(self, format_spec: str) -> str:
        return format(self.masked(), format_spec)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        mine, theirs = self._value, other._value
        return hmac.compare_digest(mine.encode("utf-8", "surrogatepass"), theirs.encode("utf-8", "surrogatepass"))

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be pickled")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class Msisdn(Personal):
    """A phone number in E.164 form without the plus sign: `9665XXXXXXXX`.

    `country` is the country calling code as an integer (966). Both it and the last two digits may be shown.
    """

    __slots__ = ("country",)

    def __init__(self, digits: str, country: int) -> None:
        super().__init__(digits)
        self.country = country

    @property
    def last_two(self) -> int:
        """The last two digits, the most that any mask shows."""
        return int(self._value[-2:])

    def masked(self) -> str:
        return mask_number(self.country, self.last_two)


class MessageText(Personal):
    """What one person wrote to another."""

    __slots__ = ()


class Secret(Personal):
    """A password, an API key, a signing secret."""

    __slots__ = ()


def mask_number(country: int, last_two: int | None) -> str:
    """`+966•••••••78`: the country calling code and the last two digits, always with seven dots between them; two dots
    more where the digits cannot be read any more.
    """
    return f"+{country}{_DOTS if last_two is None else _ENDS[last_two]}"


_DOTS: Final = 9 * "•"
_ENDS: Final = tuple(f"{7 * '•'}{digits:02d}" for digits in range(100))
"""Made once: a format with two digits takes twice the time of the rest."""
