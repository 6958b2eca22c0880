"""The custodian's listener: its token, its one path, and its limits."""

import http.client
import json
import threading
from collections.abc import Iterator
from os import urandom
from pathlib import Path

import pytest

from gateway.custodian.folder import Folder
from gateway.custodian.listener import PATH, custodian_server
from gateway.process.clock import ManualClock
from redaction.custodian import PublicKey
from tests.bounds import LIMIT_S
from tests.unit.gateway.custodian.asking import EPOCH, handed, sealed


class Place:
    """key: the custodian's. token: of callers."""

    def __init__(self, path: Path) -> None:
        self.folder = Folder(path)
        self.key: PublicKey = self.folder.begin(0)
        self.token = self.folder.new_token()
        self.server = custodian_server(self.folder, ManualClock(), ("127.0.0.1", 0), None)

    def post(self, body: bytes, *, token: str | None = None, path: str = PATH, length: str = "") -> tuple[int, object]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=LIMIT_S)
        connection.putrequest("POST", path)
        connection.putheader("Authorization", f"Bearer {self.token if token is None else token}")
        connection.putheader("Content-Length", length or str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        connection.close()
        return answer.status, said


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    thread = threading.Thread(target=place.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield place
    place.server.shutdown()
    thread.join()
    place.server.server_close()


def test_it_answers_as_by_file_and_keeps_to_the_limit(place: Place) -> None:
    state = handed(place.key)
    state.hand_over("otp", EPOCH, urandom, now_ms=0)
    status, said = place.post(sealed(state, place.key))
    assert (status, isinstance(said, dict) and said["complete"]) == (200, True)


def test_who_has_no_token_or_asks_for_something_else_gets_nothing(place: Place) -> None:
    good = sealed(handed(place.key), place.key)
    assert place.post(good, token="") == (401, {"code": "unauthorized"})
    assert place.post(good, token=place.token + "x") == (401, {"code": "unauthorized"})
    assert place.post(good, path="/") == (404, {"code": "not_found"})
    assert place.post(b"", length="99999999999") == (413, {"code": "too_large"})
    assert place.post(b"", length="-1") == (413, {"code": "too_large"})
    assert place.post(b"nothing") == (400, {"code": "question_unreadable"})
    assert place.folder.path.joinpath("asked.jsonl").exists() is False
