"""Text to the octets of the encodings that are no GSM 7-bit. Errors never say what was in the text."""

from operators.smpp.coding import DefaultAlphabet, EncodingError, EncodingFault


def encode_ucs2(text: str) -> bytes:
    """Big-endian UTF-16 without a byte-order mark (S-59); EncodingError for a lone surrogate."""
    octets = _encode(text, "utf-16-be")
    if octets is None:
        raise EncodingError(EncodingFault.LONE_SURROGATE)
    return octets


def encode_octets(text: str) -> bytes:
    """The octets that the code points of a binary message stand for; EncodingError for one above 255."""
    octets = _encode(text, "latin-1")
    if octets is None:
        raise EncodingError(EncodingFault.NOT_OCTETS)
    return octets


def is_representable(text: str, alphabet: DefaultAlphabet) -> bool:
    """Whether a text that GSM 7-bit can carry survives the octets of the operator's default alphabet (S-36)."""
    if alphabet is DefaultAlphabet.ASCII:
        return text.isascii()
    if alphabet is DefaultAlphabet.LATIN1:
        return _encode(text, "latin-1") is not None
    return True


def _encode(text: str, codec: str) -> bytes | None:
    # Returns rather than raises: a UnicodeEncodeError holds the text, and would hang on to the next error as context.
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return None
