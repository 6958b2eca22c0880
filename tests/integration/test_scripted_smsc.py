"""The scripted SMSC over a socket, by itself and as a verb of the command line."""

import asyncio
import json
import signal
import sys
from pathlib import Path

from tests.bounds import LIMIT_S
from tests.scripted_smsc import scripted_smsc

ENQUIRE = bytes.fromhex("00000010000000150000000000000007")
UNBIND = bytes.fromhex("00000010000000060000000000000008")


async def test_it_answers_as_the_script_says_and_as_usual_otherwise() -> None:
    async with scripted_smsc("on unbind: 0102; pause 0; 03; close") as smsc:
        reader, writer = await asyncio.open_connection("127.0.0.1", smsc.port)
        writer.write(ENQUIRE)
        assert await reader.readexactly(16) == bytes.fromhex("00000010800000150000000000000007")
        writer.write(UNBIND)
        assert await reader.read() == b"\1\2\3"
        assert [each.command for each in smsc.taken] == ["enquire_link", "unbind"]
        writer.close()


async def test_what_is_no_pdu_ends_the_connection_and_no_other() -> None:
    async with scripted_smsc() as smsc:
        for head in ("0000000f", "00010001", "ffffffff"):
            reader, writer = await asyncio.open_connection("127.0.0.1", smsc.port)
            writer.write(bytes.fromhex(head) + ENQUIRE[4:])
            assert await reader.read() == b""
            writer.close()
        assert (smsc.connections, smsc.taken) == (3, [])


async def verb(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "gateway", "simulate", "smsc", *arguments, "--port", "0", "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_the_verb_answers_with_a_script_and_shows_what_comes(tmp_path: Path) -> None:
    script = tmp_path / "dialect.smsc"
    script.write_text('on enquire_link: "hello"; close\n', "utf-8")
    process = await verb("--script", str(script), "--octets")
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT_S):
        port = json.loads(await process.stdout.readline())["port"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ENQUIRE[:3])
        writer.write(b"\x12" + ENQUIRE[4:] + b"\xab\xcd")
        assert await reader.read() == b"hello"
        shown = json.loads(await process.stdout.readline())
        assert shown == {"command": "enquire_link", "sequence_number": 7, "command_status": 0, "octets": "abcd"}
        writer.close()
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0


async def test_the_verb_names_the_line_that_it_cannot_read(tmp_path: Path) -> None:
    script = tmp_path / "dialect.smsc"
    script.write_text("# a dialect\non submit_sm: 00 seqq\n", "utf-8")
    process = await verb("--script", str(script))
    async with asyncio.timeout(LIMIT_S):
        _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode().strip() == (
        "connect-gateway: line 2, step 1: word 2 is neither octets in hexadecimal digits nor a word of scripts "
        "[invalid_script]"
    )
    process = await verb("--script", str(tmp_path / "none"))
    async with asyncio.timeout(LIMIT_S):
        _, said = await process.communicate()
    assert (process.returncode, said.decode().strip()[-16:]) == (1, "[file_not_found]")
