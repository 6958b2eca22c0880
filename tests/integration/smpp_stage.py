"""A whole node in the test's own loop, a simulated SMSC behind it, accounts that bind, and a peer to bind with."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from config.operators import OperatorSettings, RouteSettings, SmppOperatorSettings
from config.secret import SecretRef
from config.settings import (
    HttpSettings,
    KeystoreSettings,
    LedgerSettings,
    MetricsSettings,
    RootSlotSettings,
    Settings,
    ShutdownSettings,
    SmppServerSettings,
)
from gateway.accounts.administration import Accounts, Profile
from gateway.accounts.customers import CustomerSettings, EsmeSettings
from gateway.audit.actor import COMMAND_LINE
from gateway.model.message import Message
from gateway.node.node import Node
from operators.simulator import Faults, Simulator
from operators.smpp import pdu as p
from operators.smpp.connection import Connection
from operators.smpp.session import BindRefused, Bound, Ended, Event, Request, Response, Role, Session, SessionSettings
from redaction.personal import MessageText, Purpose
from tests.bounds import LIMIT_S

NO_OTHERS: Mapping[str, Any] = {}
ARABIC = "رمز التحقق الخاص بك هو ١٢٣٤٥٦، لا تُشارِكْهُ مع أحد. " * 3


class Peer:
    """An ESME. got: requests that the gateway sent. answers: responses, by sequence number.

    acknowledge: status for each deliver_sm; None gives no answer. local: the address that it comes from.
    """

    def __init__(
        self,
        port: int,
        acknowledge: Callable[[p.DeliverSm], int | None] | None = None,
        local: str = "127.0.0.1",
    ) -> None:
        self._port = port
        self._local = local
        self._acknowledge = acknowledge or (lambda _pdu: 0)
        self._changed = asyncio.Event()
        self.got: list[Any] = []
        self.answers: dict[int, Any] = {}
        self.bound: Any = None
        self.refused: int | None = None
        self.ended = ""
        self.connection: Connection

    async def connect(self) -> "Peer":
        settings = SessionSettings(
            window=5_000,
            session_init_s=LIMIT_S,
            response_timeout_s=LIMIT_S,
            enquire_link_s=None,
            long_password=True,
        )
        _, self.connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(lambda now: Session(Role.ESME, settings, now), self._take, self._lost),
            "127.0.0.1",
            self._port,
            local_addr=(self._local, 0),
        )
        return self

    async def bind(self, account: tuple[str, str], kind: type[p.Bind] = p.BindTransceiver, **fields: Any) -> "Peer":
        await self.connect()
        pdu = kind(system_id=account[0], password=account[1], **fields)
        self.connection.session.bind(pdu, self.connection.now())
        self.connection.flush_soon()
        await self.until(lambda: self.bound is not None or self.refused is not None or self.ended)
        return self

    def send(self, pdu: p.Pdu) -> int:
        """Its sequence number."""
        number = self.connection.session.request(pdu, None, self.connection.now())
        self.connection.flush_soon()
        return number

    async def ask(self, pdu: p.Pdu) -> Any:
        """The answer to a request."""
        number = self.send(pdu)
        await self.until(lambda: number in self.answers)
        return self.answers[number]

    async def until(self, claim: Callable[[], object]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not claim():
                self._changed.clear()
                await self._changed.wait()

    async def until_ended(self) -> None:
        """However long that takes."""
        while not self.ended:
            self._changed.clear()
            await self._changed.wait()

    async def receipts(self, count: int) -> list[Any]:
        await self.until(lambda: len(self.got) >= count)
        return self.got

    def close(self) -> None:
        self.connection.abort()

    def _take(self, connection: Connection, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case Bound(pdu):
                    self.bound = pdu
                case BindRefused(status):
                    self.refused = status
                case Response(_, pdu):
                    self.answers[pdu.sequence_number] = pdu
                case Request(pdu):
                    self.got.append(pdu)
                    verdict = self._acknowledge(pdu)
                    if verdict is not None:
                        kind = p.DataSmResp if isinstance(pdu, p.DataSm) else p.DeliverSmResp
                        connection.session.respond(kind(sequence_number=pdu.sequence_number, status=verdict))
                case Ended(reason):
                    self.ended = reason
        self._changed.set()

    def _lost(self, _connection: Connection) -> None:
        self.ended = self.ended or "lost"
        self._changed.set()


class Front:
    """node: running. customer: its number."""

    def __init__(self, node: Node, accounts: Accounts, customer: int) -> None:
        self.node = node
        self.accounts = accounts
        self.customer = customer
        self.peers: list[Peer] = []

    @property
    def port(self) -> int:
        return self.node.fronts.smpp_server.port

    async def account(self, system_id: str = "bank", *, length: int = 8, **settings: Any) -> tuple[str, str]:
        """A new account that the node knows of: system_id and password."""
        _, password = await self.accounts.add_esme(
            self.customer, system_id, settings=EsmeSettings(**settings), password_length=length
        )
        await self.node.stores.directory.refresh()
        return system_id, password.reveal(Purpose.CREDENTIAL)

    async def peer(self, account: tuple[str, str], kind: type[p.Bind] = p.BindTransceiver, **more: Any) -> Peer:
        peer = Peer(self.port, more.pop("acknowledge", None), more.pop("local", "127.0.0.1"))
        self.peers.append(peer)
        return await peer.bind(account, kind, **more)

    async def record(self, message_id: str, customer: int | None = None) -> Message:
        found = await self.node.stores.ledger.messages.find(customer or self.customer, bytes.fromhex(message_id))
        assert found is not None
        return found


class Stage(Front):
    """smsc: running, behind the node."""

    def __init__(self, front: Front, smsc: Simulator) -> None:
        super().__init__(front.node, front.accounts, front.customer)
        self.peers = front.peers
        self.smsc = smsc

    async def writes(self, *pdus: p.DeliverSm | p.DataSm) -> None:
        """The SMSC sends these, once a bind of the node is there to take them."""
        async with asyncio.timeout(LIMIT_S):
            while not self.smsc.receivers:
                await asyncio.sleep(0.01)
        link = self.smsc.receivers[0]
        for pdu in pdus:
            link.session.request(pdu, None, asyncio.get_running_loop().time())
        link.flush_soon()

    async def arrived(self, count: int) -> list[p.SubmitSm]:
        """What the SMSC behind has got, once it is so many PDUs."""
        async with asyncio.timeout(LIMIT_S):
            await self.smsc.until(lambda tally: tally.submits >= count)
        return self.smsc.received


def submit(text: bytes = b"hello", to: str = "966512345678", **fields: Any) -> p.SubmitSm:
    base: dict[str, Any] = {
        "source_addr_ton": 5,
        "source_addr": "INTERKEY",
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "destination_addr": to,
        "short_message": text,
    }
    return p.SubmitSm(**(base | fields))


@asynccontextmanager
async def running_gateway(folder: Path, *, faults: Faults | None = None, **more: Any) -> AsyncIterator[Stage]:
    """more: see `running_front`."""
    smsc = Simulator(record=True, faults=faults, password="")
    await smsc.start()
    try:
        async with running_front(folder, smsc.port, **more) as front:
            yield Stage(front, smsc)
    finally:
        await smsc.stop()


@asynccontextmanager
async def running_front(
    folder: Path,
    operator: int | OperatorSettings,
    *,
    customer: CustomerSettings | None = None,
    ledger: LedgerSettings | None = None,
    in_doubt: Any = "by_class",
    others: Mapping[str, Any] = NO_OTHERS,
    **smpp: Any,
) -> AsyncIterator[Front]:
    """On an operator that runs already: an SMSC's port, or the settings of a link. ledger: a file in the folder where
    none is named. others: sections that are not as usual.
    """
    server = SmppServerSettings(**({"port": 0, "refused_bind_pause_s": 0.0} | smpp))
    settings = settings_of(folder, operator, server)
    (route,) = settings.routes
    settings = msgspec.structs.replace(settings, routes=(msgspec.structs.replace(route, in_doubt=in_doubt),), **others)
    node = Node(settings if ledger is None else msgspec.structs.replace(settings, ledger=ledger))
    await node.start()
    accounts = Accounts(
        node.stores.ledger.accounts,
        node.clock,
        COMMAND_LINE,
        sealer=node.stores.sealer,
        ensure_keys=node.stores.keyring.ensure_customer,
        digest=node.stores.keyring.credential_digest,
    )
    wanted = customer or CustomerSettings(senders={"INTERKEY": ()})
    stored = await accounts.add_customer(Profile(name=MessageText("Trial")), wanted)
    front = Front(node, accounts, stored.id)
    try:
        yield front
        assert not node.tasks.failed.done(), repr(node.tasks.failed.result())
        assert not any(node.contained.counts.values()), node.contained.counts
    finally:
        for peer in front.peers:
            peer.close()
        await node.stop()


def settings_of(folder: Path, operator: int | OperatorSettings, smpp: SmppServerSettings) -> Settings:
    """Of a node on one operator, an SMSC's port or more, everything in this folder.

    Its ledger writes on the loop: a process for that costs more than most tests, and has tests of its own.
    """
    if isinstance(operator, int):
        operator = SmppOperatorSettings(
            name="north",
            host="127.0.0.1",
            port=operator,
            system_id="gateway",
            password=SecretRef(),
            reconnect_first_s=0.1,
        )
    return Settings(
        http=HttpSettings(port=0),
        metrics=MetricsSettings(enabled=False),
        smpp_server=smpp,
        ledger=LedgerSettings(path=str(folder / "data" / "ledger.db"), writer="loop"),
        keystore=KeystoreSettings(
            path=str(folder / "keys" / "keys.db"), root=RootSlotSettings(path=str(folder / "root" / "root.key"))
        ),
        operators=(operator,),
        routes=(RouteSettings(operators=(operator.name,)),),
        shutdown=ShutdownSettings(deadline_s=8),
    )


__all__ = ["ARABIC", "Front", "Peer", "Stage", "running_front", "running_gateway", "settings_of", "submit"]
