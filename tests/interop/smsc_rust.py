"""An SMSC over the server of the package `smpp34`, in a process of its own, because its runtime may crash at the end.

Argument: the port. What happens goes to standard output, one JSON object a line; commands come the same way on standard
input. The server takes any password, says nothing of the kind of a bind, and does not hear answers over a receiver's.
"""

import asyncio
import json
import os
import sys
import threading
from typing import Any

import smpp34

esmes: dict[str, Any] = {}
tasks: set[asyncio.Task[None]] = set()
bound = asyncio.Event()


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


async def deliver(asked: dict[str, Any]) -> None:
    await bound.wait()
    receiver = next(each for each in esmes.values() if each.can_receive)
    try:
        answer = await receiver.deliver_sm(
            asked["destination"],
            bytes.fromhex(asked["octets"]),
            source_addr=asked["source"],
            source_addr_ton=1,
            source_addr_npi=1,
            esm_class=asked["esm_class"],
            data_coding=asked["data_coding"],
        )
    except smpp34.SmppError:
        return
    say(event="delivered", number=asked["number"], status=answer.command_status)


async def unbind(_asked: dict[str, Any]) -> None:
    await bound.wait()
    for esme in list(esmes.values()):
        await esme.unbind()


COMMANDS = {"deliver": deliver, "unbind": unbind}


def submitted(event: Any, identifier: str) -> None:
    octets, header = event.short_message, b""
    if event.esm_class & 0x40:
        header, octets = octets[1 : octets[0] + 1], octets[octets[0] + 1 :]
    say(
        event="submit",
        id=identifier,
        source=event.source_addr,
        destination=event.destination_addr,
        text=octets.decode("utf-16-be" if event.data_coding == 8 else "ascii"),
        header=[header.hex()] if header else [],
        data_coding=event.data_coding,
        registered_delivery=event.registered_delivery,
    )
    event.accept(identifier)


def obey(loop: asyncio.AbstractEventLoop) -> None:
    """Read commands until the test goes away."""
    for line in sys.stdin:
        asked = json.loads(line)
        loop.call_soon_threadsafe(begin, asked)
    os._exit(0)


def begin(asked: dict[str, Any]) -> None:
    task = asyncio.get_running_loop().create_task(COMMANDS[asked["command"]](asked))
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def main() -> None:
    port = int(sys.argv[1])
    server = smpp34.Server("127.0.0.1", port, system_id="rust")
    await server.start()
    say(event="listening", port=port)
    threading.Thread(target=obey, args=(asyncio.get_running_loop(),), daemon=True).start()
    taken = 0
    while True:
        event = await server.next()
        if isinstance(event, smpp34.SubmitSmEvent):
            taken += 1
            submitted(event, f"{taken:010d}")
        elif isinstance(event, smpp34.Unbound):
            esmes.pop(event.session_id, None)
            say(event="unbind")
        else:
            esmes[event.session_id] = event
            bound.set()
            say(event="bind", kind="transceiver" if event.can_receive else "transmitter")


asyncio.run(main())
