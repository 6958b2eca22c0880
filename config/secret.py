"""Where a secret is kept. A settings file names the place and never holds the secret itself."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

MAX_SECRET_BYTES: Final = 65_536
_BLANK: Final = 0x20
_DELETE: Final = 0x7F


class SecretMissing(Exception):
    """A secret cannot be read from the place that the settings name. The operator of the gateway has to put it there.

    The message names the place and the reason, never a value.
    """


class SecretRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`{ env = "NAME" }` or `{ file = "path" }`; neither means that there is no secret."""

    env: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None,
        Meta(description="Environment variable that holds the secret; line ends after it are dropped."),
    ] = None
    file: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="File that holds the secret; line ends after it are dropped."),
    ] = None

    def __bool__(self) -> bool:
        """Whether any place is named."""
        return self.env is not None or self.file is not None

    def resolve(self, environ: Mapping[str, str] | None = None) -> str:
        """The secret itself, '' when no place is named. Wrap it in `Secret` at once.

        `environ` defaults to the environment of the process. Raises SecretMissing.
        """
        if self.env is not None:
            return _from_environment(self.env, os.environ if environ is None else environ)
        return "" if self.file is None else _from_file(self.file)


def trimmed(text: str) -> str:
    """A secret without the line ends that an editor, `echo` or a mounted file leaves behind it."""
    return text.rstrip("\r\n")


def is_padded(text: str) -> bool:
    """Whether blanks stand around a secret, which are hardly meant and are not cut off."""
    return trimmed(text) != trimmed(text).strip()


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    value = trimmed(environ.get(name, ""))
    if not value:
        raise SecretMissing(f"environment variable {name} is not set or empty")
    return _one_line(f"environment variable {name}", value)


def _from_file(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        raise SecretMissing(f"secret file {path}: {error.strerror or 'cannot be read'}") from None
    if len(data) > MAX_SECRET_BYTES:
        raise SecretMissing(f"secret file {path}: larger than {MAX_SECRET_BYTES} bytes")
    return _text(path, data)


def _text(path: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretMissing(f"secret file {path}: not UTF-8 text") from None
    text = trimmed(text)
    if not text:
        raise SecretMissing(f"secret file {path}: empty")
    return _one_line(f"secret file {path}", text)


def _one_line(place: str, text: str) -> str:
    """No protocol can carry the others, and a header would end at them."""
    if any(ord(character) < _BLANK or ord(character) == _DELETE for character in text):
        raise SecretMissing(f"{place}: a line break or another control character within it")
    return text
