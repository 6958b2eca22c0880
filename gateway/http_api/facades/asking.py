"""A request to a façade, put together of what either lane read of it."""

from gateway.http_api.facades.dialect import Asked, Header
from gateway.http_api.facades.fields import Fields, of_body, of_query
from gateway.http_api.facades.places import Found


def asked_of(found: Found, method: str, path: str, query: str, header: Header, body: bytes) -> Asked:
    """found: where it goes. Raises Refusal for a form or a JSON object that cannot be read."""
    pairs = of_query(query)
    if method != "GET" and not found.place.endpoint.reads_body:
        form = of_body(body, header("Content-Type"))
        if form is not None:
            pairs, body = pairs + form, b""
    return Asked(method=method, path=path, places=found.places, fields=Fields(pairs), header=header, body=body)
