from pathlib import Path

from standardwebhooks.webhooks import Webhook

from gateway.process.clock import ManualClock, SystemClock
from gateway.webhooks.connection import Answer, Failure
from gateway.webhooks.settings import DeliverySettings
from gateway.webhooks.signing import Signer, new_secret
from gateway.webhooks.trial import send_test
from redaction.personal import Purpose, Secret
from tests.unit.gateway.webhooks.receiver import BUSY, Say, certificates, receiving

SECRET = new_secret(ManualClock().random)
SETTINGS = DeliverySettings(allow_loopback=True)


async def test_a_test_event_is_signed_and_its_answer_given(tmp_path: Path) -> None:
    server, client = certificates(tmp_path, "127.0.0.1")
    async with receiving(server) as receiver:
        url = Secret(f"https://127.0.0.1:{receiver.port}/hook")
        result = await send_test(url, Signer([SECRET]), settings=SETTINGS, clock=SystemClock(), tls=client)
        assert result == Answer(200)
        (received,) = receiver.requests
        verified = Webhook(SECRET.reveal(Purpose.CREDENTIAL)).verify(received.body, received.headers)
        assert verified["type"] == "gateway.test"


async def test_a_test_event_is_sent_once_whatever_the_answer() -> None:
    async with receiving() as receiver:
        receiver.answer = lambda _: Say(BUSY)
        url = Secret(f"http://127.0.0.1:{receiver.port}/hook")
        assert await send_test(url, Signer([SECRET]), settings=SETTINGS, clock=SystemClock()) == Answer(500)
        assert len(receiver.requests) == 1


async def test_an_endpoint_of_batches_is_tried_with_a_batch() -> None:
    async with receiving() as receiver:
        url = Secret(f"http://127.0.0.1:{receiver.port}/hook")
        result = await send_test(url, Signer([SECRET]), settings=SETTINGS, clock=SystemClock(), batch=True)
        assert result == Answer(200)
        (received,) = receiver.requests
        verified = Webhook(SECRET.reveal(Purpose.CREDENTIAL)).verify(received.body, received.headers)
        assert (verified["type"], [each["type"] for each in verified["data"]]) == ("batch", ["gateway.test"])


async def test_a_refused_url_says_why() -> None:
    result = await send_test(
        Secret("http://example.com/"), Signer([SECRET]), settings=DeliverySettings(), clock=SystemClock()
    )
    assert result == Failure("target_refused", "scheme")
