"""ESMEs that nobody here wrote, each in a process of its own: `python -m tests.interop.esmes KIND OPTIONS`.

OPTIONS is JSON: port, system_id, password, mode (transceiver, transmitter, receiver), texts, expect (deliver_sm to wait
for before the unbind), tls. What happens goes to standard output, one JSON object a line: bound, refused, answer,
deliver, unbound. Every library cuts long texts in its own way.
"""

import asyncio
import json
import os
import ssl
import sys
import warnings
from typing import Any

SOURCE, DESTINATION = "INTERKEY", "966512345678"


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


# ------------------------------------------------------------------------------------------------------------- smpplib


class SmpplibEsme:
    def __init__(self, options: dict[str, Any]) -> None:
        import smpplib.client

        self.options = options
        self.delivered = self.answered = 0
        self.client = smpplib.client.Client(
            "127.0.0.1",
            options["port"],
            timeout=20,
            allow_unknown_opt_params=True,
            ssl_context=trusting() if options["tls"] else None,
        )
        self.client.set_message_sent_handler(self.answer)
        self.client.set_message_received_handler(self.deliver)
        self.client.set_error_pdu_handler(lambda _pdu: None)  # the other handler has it too

    def answer(self, pdu: Any) -> None:
        self.answered += 1
        identifier = (getattr(pdu, "message_id", None) or b"").decode()
        say(event="answer", status=pdu.status, id=identifier)

    def deliver(self, pdu: Any) -> None:
        self.delivered += 1
        octets = pdu.short_message or getattr(pdu, "message_payload", None) or b""
        say(
            event="deliver",
            source=pdu.source_addr.decode(),
            destination=pdu.destination_addr.decode(),
            esm_class=pdu.esm_class,
            data_coding=pdu.data_coding,
            octets=octets.hex(),
            id=(pdu.receipted_message_id or b"").decode().rstrip("\0"),
        )

    def run(self) -> None:
        import smpplib.exceptions

        options, client = self.options, self.client
        client.connect()
        try:
            getattr(client, f"bind_{options['mode']}")(system_id=options["system_id"], password=options["password"])
        except smpplib.exceptions.PDUError as refused:
            say(event="refused", status=refused.args[1])
            client.disconnect()
            return
        say(event="bound")
        sent = sum(self.send(text) for text in options["texts"])
        while self.answered < sent or self.delivered < options["expect"]:
            client.read_once()
        client.unbind()
        client.disconnect()
        say(event="unbound")

    def send(self, text: str) -> int:
        import smpplib.consts
        import smpplib.gsm

        parts, coding, esm_class = smpplib.gsm.make_parts(text)
        for part in parts:
            self.client.send_message(
                source_addr_ton=smpplib.consts.SMPP_TON_ALNUM,
                source_addr=SOURCE,
                dest_addr_ton=smpplib.consts.SMPP_TON_INTL,
                dest_addr_npi=smpplib.consts.SMPP_NPI_ISDN,
                destination_addr=DESTINATION,
                short_message=part,
                data_coding=coding,
                esm_class=esm_class,
                registered_delivery=True,
            )
        return len(parts)


# ---------------------------------------------------------------------------------------------------------- aiosmpplib


async def aiosmpplib_esme(options: dict[str, Any]) -> None:
    import aiosmpplib as aio
    from aiosmpplib.hook import AbstractHook
    from aiosmpplib.state import NPI, TON, BindMode, PhoneNumber

    over = asyncio.Event()
    counted = {"answers": 0, "delivered": 0}

    class Hook(AbstractHook):  # type: ignore[misc]
        async def sending(self, *_ignored: Any) -> None: ...

        async def send_error(self, *_ignored: Any) -> None: ...

        async def received(self, message: Any, pdu: bytes, client_id: str) -> None:
            status = int.from_bytes(pdu[8:12], "big")
            kind = type(message).__name__ if message is not None else "Bind"  # refused, and so without a body
            if kind.startswith("Bind"):
                say(**({"event": "refused", "status": status} if status else {"event": "bound"}))
                if status or not (options["texts"] or options["expect"]):
                    over.set()
            elif kind == "SubmitSmResp":
                counted["answers"] += 1
                say(event="answer", status=status, id=message.message_id)
            elif kind == "DeliverSm":
                counted["delivered"] += 1
                say(
                    event="deliver",
                    source=message.source.number,
                    destination=message.destination.number,
                    esm_class=message.esm_class,
                    data_coding=8 if message.encoding == "ucs2" else 0,
                    text=message.short_message or message.message_payload,
                    id=str(message.parse_receipt().get("id", "")) if message.is_receipt() else "",
                )
            if counted["answers"] >= len(options["texts"]) and counted["delivered"] >= options["expect"]:
                over.set()

    modes = {"transceiver": BindMode.TRANSCEIVER, "transmitter": BindMode.TRANSMITTER, "receiver": BindMode.RECEIVER}
    esme = aio.ESME(
        "127.0.0.1",
        options["port"],
        options["system_id"],
        options["password"],
        bind_mode=modes[options["mode"]],
        hook=Hook(),
    )
    for number, text in enumerate(options["texts"]):
        message = aio.SubmitSm(
            short_message=text,
            source=PhoneNumber(SOURCE, TON.ALPHANUMERIC, NPI.UNKNOWN),
            destination=PhoneNumber(DESTINATION, TON.INTERNATIONAL, NPI.ISDN),
            encoding=None if text.isascii() else "ucs2",
            log_id=str(number),
        )
        await esme.broker.enqueue(message)
    running = asyncio.create_task(esme.start())
    await over.wait()
    await asyncio.sleep(0.2)  # its answer to the last deliver_sm has yet to leave
    await esme.stop()
    await running
    say(event="unbound")


# -------------------------------------------------------------------------------------------------------------- smpp34


async def smpp34_esme(options: dict[str, Any]) -> None:
    import smpp34

    client = smpp34.Client(
        "127.0.0.1",
        options["port"],
        options["system_id"],
        options["password"],
        bind_type={"transceiver": "TRX", "transmitter": "TX", "receiver": "RX"}[options["mode"]],
    )
    try:
        smsc = await client.connect()
    except smpp34.SmppError:
        say(event="refused", status=None)
        return
    say(event="bound")
    for text in options["texts"]:
        await smpp34_send(smsc, text)
    for _ in range(options["expect"]):
        event = await smsc.next()
        if isinstance(event, smpp34.Disconnected):
            raise SystemExit("disconnected")
        tlvs = {each.tag: each.value for each in event.tlvs}
        say(
            event="deliver",
            source=event.source_addr,
            destination=event.destination_addr,
            esm_class=event.esm_class,
            data_coding=event.data_coding,
            octets=(event.short_message or tlvs.get(0x0424, b"")).hex(),
            id=tlvs.get(0x001E, b"").rstrip(b"\0").decode(),
        )
    await smsc.unbind()
    say(event="unbound")


async def smpp34_send(smsc: Any, text: str) -> None:
    """The library leaves cutting to its user."""
    data_coding = 0 if text.isascii() else 8
    octets = text.encode("ascii" if text.isascii() else "utf-16-be")
    pieces = [octets] if len(octets) <= 140 else [octets[at : at + 134] for at in range(0, len(octets), 134)]
    for number, piece in enumerate(pieces, 1):
        header = bytes((5, 0, 3, 0x77, len(pieces), number)) if len(pieces) > 1 else b""
        answer = await smsc.submit_sm(
            DESTINATION,
            header + piece,
            source_addr=SOURCE,
            source_addr_ton=5,
            dest_addr_ton=1,
            dest_addr_npi=1,
            esm_class=0x40 if header else 0,
            data_coding=data_coding,
            registered_delivery=1,
        )
        say(event="answer", status=answer.command_status, id=answer.message_id)


def main() -> None:
    kind, options = sys.argv[1], json.loads(sys.argv[2])
    warnings.simplefilter("ignore")
    if kind == "smpplib":
        SmpplibEsme(options).run()
    else:
        asyncio.run({"aiosmpplib": aiosmpplib_esme, "smpp34": smpp34_esme}[kind](options))
    os._exit(0)  # smpp34's runtime may crash at the end


if __name__ == "__main__":
    main()
