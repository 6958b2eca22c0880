"""What aiohttp's parser takes and RFC 9112 does not: a Host that is none (§3.2), codings that we do not speak (§6.1).

Requests that two readers could take for different ones are refused, and their connection ends.
"""

import re
from typing import Final

from aiohttp import web

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
"""RFC 3986 §3.2.2 and §3.2.3, without the comma, by which lists are joined, and without an address of the future."""


def fault_of(request: web.BaseRequest) -> int | None:
    """The status that answers what is wrong with the head; None when nothing is."""
    if request.version not in ((1, 1), (1, 0)):
        return 400
    headers = request.headers
    hosts = headers.getall("Host", ())
    if len(hosts) > 1 or (not hosts and request.version.minor) or (hosts and not _HOST.fullmatch(hosts[0])):
        return 400
    codings = headers.getall("Transfer-Encoding", ())
    if not codings:
        return None
    if "Content-Length" in headers or not request.version.minor or not all(each.strip() for each in codings):
        return 400
    return None if len(codings) == 1 and codings[0].strip().lower() == "chunked" else 501
