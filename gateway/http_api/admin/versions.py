"""Versions of what can be set: `ETag` says which stands, `If-Match` over which something is meant (RFC 9110 §13).

A verb without `If-Match`, or with `*`, is meant whatever stands.
"""

import re
from typing import Final

from aiohttp import web

from gateway.http_api.routes import Parameter
from gateway.model.refusals import Refusal

_TAG: Final = re.compile(r'"(0|[1-9][0-9]{0,15})"', re.ASCII)

IF_MATCH: Final = Parameter(
    name="If-Match",
    place="header",
    schema={"type": "string", "pattern": r'^(\*|"[0-9]{1,16}")$'},
    description="The `ETag` over which this is meant; without it, or with `*`, over any.",
)
ETAG: Final = {"ETag": "The version of what is wanted, in quotes."}


def etag(version: int) -> bytes:
    """The header line."""
    return b'ETag: "%d"\r\n' % version


def wanted_version(request: web.BaseRequest) -> int | None:
    """The one that `If-Match` names; None for any. Raises Refusal."""
    given = request.headers.getall("If-Match", [])
    if given in ([], ["*"]):
        return None
    found = _TAG.fullmatch(given[0].strip()) if len(given) == 1 else None
    if found is None:
        raise Refusal("invalid_if_match")
    return int(found[1])
