"""Which worker of how many, and its part of what they share."""

import msgspec


class Share(msgspec.Struct, frozen=True):
    """The worker of this number, from 1, among so many."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def part(self, whole: int) -> int:
        """How many of `whole` things are this worker's."""
        return whole // self.of + (self.number <= whole % self.of)


def parse_share(text: str) -> Share:
    """`2/4`. Raises ValueError."""
    number, of = map(int, text.split("/"))
    if not 1 <= number <= of:
        raise ValueError("a worker's number is from 1 to their count")
    return Share(number, of)
