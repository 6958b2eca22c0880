"""What a form sends: bounded, in one coding, and each field once."""

from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from gateway.console.fields import Form
from gateway.http_api.body import read_body
from gateway.model.refusals import Refusal

TYPE: Final = "application/x-www-form-urlencoded"
LIMIT_BYTES: Final = 16_384
READ_S: Final = 10.0
_MOST_FIELDS: Final = 64


async def read_form(request: web.BaseRequest) -> Form:
    """Raises Refusal."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip().lower() != TYPE:
        raise Refusal("unsupported_media_type")
    octets = await read_body(request, LIMIT_BYTES, READ_S)
    try:
        pairs = parse_qsl(
            octets.decode(),
            keep_blank_values=True,
            strict_parsing=bool(octets),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise Refusal("invalid_value") from None
    return dict(reversed(pairs))
