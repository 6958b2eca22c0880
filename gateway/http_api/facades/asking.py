"""A request to a façade, put together of what either lane read of it."""

from collections.abc import Mapping

from gateway.http_api.facades.dialect import Asked, Header
from gateway.http_api.facades.fields import Fields, of_body, of_query


def asked_of(method: str, path: str, places: Mapping[str, str], query: str, header: Header, body: bytes) -> Asked:
    """Raises Refusal for a form or a JSON object that cannot be read."""
    pairs = of_query(query)
    if method != "GET":
        form = of_body(body, header("Content-Type"))
        if form is not None:
            pairs, body = pairs + form, b""
    return Asked(method=method, path=path, places=places, fields=Fields(pairs), header=header, body=body)
