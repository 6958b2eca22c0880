"""The clock of the load generator's open loop."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from benchmarks import load
from benchmarks.load import Load

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def answer(listener: socket.socket, count: int) -> None:
    connection, _ = listener.accept()
    with connection:
        for _ in range(count):
            connection.recv(len(REQUEST))
            time.sleep(4 * load.LOOK_S)  # a server that takes longer than the generator's clock sleeps
            connection.sendall(ANSWER)
        while connection.recv(len(REQUEST)):
            pass


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """Of a server that answers so many requests, and no more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener, request.param))
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("port", [3], indirect=True)
def test_what_falls_due_seldom_is_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "SILENCE_S", 0.2)
    generator = Load([REQUEST] * 3, port, 1, rate_per_s=3.0)
    generator.run()
    generator.close()
    assert all(generator.answered)


@pytest.mark.parametrize("port", [1], indirect=True)
@pytest.mark.parametrize("rate_per_s", [0.0, 50.0])
def test_a_server_that_answers_no_more_ends_the_run(
    port: int, rate_per_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "SILENCE_S", 0.2)
    generator = Load([REQUEST] * 3, port, 1, rate_per_s)
    with pytest.raises(TimeoutError, match="no answer for"):
        generator.run()
    generator.close()
