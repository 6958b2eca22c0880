"""People write STOP, START and HELP to a customer's number: what holds then, and what they are told, once a day."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from config.operators import LoopbackOperatorSettings
from config.settings import SmppServerSettings
from gateway.accounts.administration import Accounts, Profile
from gateway.accounts.customers import ApiKey, CustomerSettings, KeySettings, NumberSettings
from gateway.audit.actor import COMMAND_LINE
from gateway.consent.desk import ConsentDesk, Of
from gateway.consent.rows import Consent, Means, Proof
from gateway.ledger.contract import Declined
from gateway.model.message import Message, MessageClass
from gateway.node.node import Node
from operators.base import MoMessage
from redaction.personal import MessageText, Msisdn, Purpose
from tests.bounds import LIMIT_S
from tests.integration.smpp_stage import settings_of
from tests.integration.test_shared_nodes import until
from tests.unit.gateway.road import a_request, offered

PERSON = Msisdn("966500000078", 966)
SHORT = "90909"


class Stage:
    def __init__(self, node: Node, key: ApiKey) -> None:
        self.node = node
        self.key = key
        self.of = Of(key.customer.id, key.customer.public_id)
        stores = node.stores
        self.desk = ConsentDesk(stores.ledger.permissions, stores.consents.keys.tokens, node.clock, COMMAND_LINE)

    async def consent(self, purpose: str) -> None:
        proof = Proof(given_ms=self.node.clock.now_ms() - 60_000, means=Means.WEB)
        await self.desk.give(self.of, PERSON, Consent(purpose=purpose, proof=proof))

    async def writes(self, text: str) -> None:
        """The person does, and what it asks for is durable."""
        incoming = self.node.road.incoming
        before = incoming.counters.received
        incoming.on_messages(
            [MoMessage(operator="loop", source=PERSON, destination=SHORT, text=MessageText(text), handle="handle")]
        )
        await until(lambda: incoming.counters.received > before and not incoming.waiting())

    async def send(self, message_class: str = "promotional", sender: str = "INTERKEY") -> bytes | Declined:
        request = a_request(message_class=message_class, source=sender)
        _, durable = offered(self.node.road.door, self.key, request)
        result = await durable
        assert isinstance(result, bytes | Declined)
        return result

    async def told(self, count: int) -> list[str]:
        """Texts of the service messages to the person, once there are so many."""
        async with asyncio.timeout(LIMIT_S):
            while len(found := await self._told()) < count:
                await asyncio.sleep(0.02)
        return found

    async def _told(self) -> list[str]:
        page = await self.node.stores.ledger.messages.list_messages(
            self.of.id, status=None, since_ms=None, cursor=None, limit=100
        )
        return [
            self.node.stores.vault.open_content(each).text.reveal(Purpose.DELIVER)
            for each in reversed(page.messages)
            if _is_confirmation(each)
        ]


def _is_confirmation(message: Message) -> bool:
    return message.message_class is MessageClass.TRANSACTIONAL


@asynccontextmanager
async def staged(folder: Path, consent: str = "enforce") -> AsyncIterator[Stage]:
    settings = settings_of(folder, LoopbackOperatorSettings(name="loop"), SmppServerSettings(port=0))
    node = Node(settings)
    await node.start()
    try:
        accounts = Accounts(
            node.stores.ledger.accounts,
            node.clock,
            COMMAND_LINE,
            sealer=node.stores.sealer,
            ensure_keys=node.stores.keyring.ensure_customer,
            digest=node.stores.keyring.credential_digest,
        )
        wanted = {"senders": {"INTERKEY": (), "OTHER": ()}, "consent": consent}
        stored = await accounts.add_customer(
            Profile(name=MessageText("Trial")), msgspec.convert(wanted, CustomerSettings)
        )
        await accounts.add_number(stored.id, SHORT, NumberSettings(keywords=("عروض",)))
        _, secret = await accounts.add_key(
            stored.id, scopes=("send",), settings=KeySettings(classes=("promotional", "otp", "awareness"))
        )
        await node.stores.directory.refresh()
        key = node.stores.directory.find(secret)
        assert key is not None
        yield Stage(node, key)
        assert not any(node.contained.counts.values())
    finally:
        await node.stop()


async def test_stop_and_start_hold_and_are_confirmed_once_a_day(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        for purpose in ("promotional", "awareness"):
            await stage.consent(purpose)
        assert isinstance(await stage.send(), bytes)
        await stage.writes("قف عروض")
        for purpose in ("promotional", "awareness"):
            assert await stage.send(purpose) == Declined("suppressed", "to")
        assert isinstance(await stage.send("otp"), bytes)
        await stage.writes("عروض STOP")
        (told,) = await stage.told(1)
        assert told.startswith("تم إيقاف")
        await stage.writes("عروض ابدأ")
        for purpose in ("promotional", "awareness"):
            assert isinstance(await stage.send(purpose), bytes)
        assert await stage.told(1) == [told]
        assert stage.node.road.incoming.wishes.heard == {"stop": 2, "start": 1, "help": 0, "sentence": 0}


async def test_one_sender_is_stopped_alone_and_a_sentence_stops_nothing(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await stage.consent("promotional")
        await stage.writes("عروض please stop")
        assert isinstance(await stage.send(), bytes)
        await stage.writes("عروض help")
        assert len(await stage.told(1)) == 1
        assert stage.node.road.incoming.wishes.heard == {"stop": 0, "start": 0, "help": 1, "sentence": 1}


async def test_a_customer_that_sees_to_it_itself_is_left_alone(tmp_path: Path) -> None:
    async with staged(tmp_path, "off") as stage:
        await stage.writes("عروض stop")
        assert await stage.told(0) == []
        standing = await stage.desk.show(stage.of, PERSON)
        assert (standing.consents, standing.suppressions) == ([], [])
        assert isinstance(await stage.send(), bytes)
