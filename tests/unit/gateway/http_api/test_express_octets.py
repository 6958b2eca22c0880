"""Requests are found in what a connection brings, however it is cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.http_api.express_head import Odd, Partial, Usual, UsualReader
from gateway.http_api.express_octets import Octets

READER = UsualReader(1_000)


def request(body: bytes) -> bytes:
    head = "POST /v1/messages HTTP/1.1\r\nHost: g\r\nContent-Type: application/json\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n".encode() + body


def taken(octets: Octets) -> list[bytes]:
    """The bodies of all requests that are complete."""
    bodies = []
    while octets.waiting and octets.waiting >= octets.needed:
        first = octets.first(READER)
        if not isinstance(first, Usual):
            break
        bodies.append(octets.take(first))
    return bodies


@given(st.lists(st.binary(max_size=60), max_size=6), st.lists(st.integers(0, 900), max_size=12))
def test_requests_are_the_same_however_they_are_cut(bodies: list[bytes], cuts: list[int]) -> None:
    octets, said, found = Octets(), b"".join(map(request, bodies)), []
    places = sorted({0, len(said), *(cut for cut in cuts if cut < len(said))})
    for begin, end in pairwise(places):
        octets.put(said[begin:end])
        found += taken(octets)
    assert found == bodies
    assert (octets.waiting, octets.rest()) == (0, b"")


def test_a_request_says_how_much_of_it_is_needed_and_is_not_looked_at_before() -> None:
    octets, whole = Octets(), request(b"x" * 900)
    octets.put(whole[:200])
    assert isinstance(octets.first(READER), Partial)
    assert octets.needed == len(whole)
    for octet in whole[200:]:
        assert octets.waiting < octets.needed
        octets.put(bytes((octet,)))
    assert taken(octets) == [b"x" * 900]


def test_what_is_not_taken_is_handed_on_whole() -> None:
    octets = Octets()
    octets.put(request(b"{}") + b"GET / HT")
    octets.put(b"TP/1.1\r\n")
    assert taken(octets) == [b"{}"]
    assert isinstance(octets.first(READER), Odd)
    assert octets.rest() == b"GET / HTTP/1.1\r\n"
