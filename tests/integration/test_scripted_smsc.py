"""The SMSC that the tests script: its language, and what it does over a socket."""

import asyncio
import itertools

import pytest

from tests.scripted_smsc import Script, ScriptError, octets_of, scripted_smsc

ENQUIRE = bytes.fromhex("00000010000000150000000000000007")


def test_a_pdu_is_written_in_words() -> None:
    own = itertools.count(9)
    assert octets_of('len 80000004 00000000 seq "R 1" 00', 7, own) == bytes.fromhex(
        "00000014 80000004 00000000 00000007 52203100"
    )
    assert octets_of("00000015 own", 7, own) == bytes.fromhex("00000015 00000009")


def test_lines_for_a_command_are_used_in_turn_and_the_last_again() -> None:
    script = Script("on submit_sm: 01\n# a comment\non submit_sm: 02; 03 # and another\n\non unbind:\n")
    assert [script.next("submit_sm") for _ in range(3)] == [["01"], ["02", "03"], ["02", "03"]]
    assert (script.next("unbind"), script.next("enquire_link")) == ([], None)


@pytest.mark.parametrize("line", ["submit_sm: 00", "on shout: 00", "on unbind: 0", "on unbind: pause x"])
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(ScriptError, match="line 2"):
        Script(f"on unbind: close\n{line}")


async def test_it_answers_as_the_script_says_and_as_usual_otherwise() -> None:
    async with scripted_smsc("on unbind: 0102; pause 0; 03; close") as smsc:
        reader, writer = await asyncio.open_connection("127.0.0.1", smsc.port)
        writer.write(ENQUIRE)
        assert await reader.readexactly(16) == bytes.fromhex("00000010800000150000000000000007")
        writer.write(bytes.fromhex("00000010000000060000000000000008"))
        assert await reader.read() == b"\1\2\3"
        assert [each.command for each in smsc.taken] == ["enquire_link", "unbind"]
        writer.close()
