"""The id of a message: 6 bytes of milliseconds, 2 of a running counter, 8 random ones; so ids are ordered by time."""


def message_id(now_ms: int, counter: int, random: bytes) -> bytes:
    """16 bytes. random: 8 unpredictable ones."""
    return (now_ms << 16 | counter & 0xFFFF).to_bytes(8, "big") + random


def concat_reference(identifier: bytes) -> int:
    """The reference that all segments of a message share (S-38): its id's running counter, 0..65535."""
    return identifier[6] << 8 | identifier[7]
