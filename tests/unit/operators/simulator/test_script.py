"""The language in which an SMSC is scripted."""

import re
from pathlib import Path

import pytest

from operators.simulator.script import USUAL, Answer, Close, Numbers, Pause, Script, ScriptError, Taken, Words, words_of
from operators.smpp import pdu as p

DOCS = Path(__file__).resolve().parents[4] / "docs" / "scripted-smsc.md"
ASKED = Taken("submit_sm", 0, 7, p.encode(p.SubmitSm(7, source_addr="BANK", destination_addr="966500000078"))[16:])


def octets(text: str, asked: Taken = ASKED) -> bytes:
    return Answer(asked, Numbers()).octets(words_of(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('len 80000004 00000000 seq "R 1" 00', "00000014 80000004 00000000 00000007 52203100"),
        ("00000015 own own", "00000015 00000001 00000002"),
        ('"#;()" 00', "23 3b 28 29 00"),
        ("id 00 id10", "3030303030303031 00 31"),
        ("source 00 destination 00", b"BANK\0" + b"966500000078\0"),
        ('( "abc" )', "03 616263"),
        ('1400 { "ab" ( 00 ) }', "1400 0004 6162 0100"),
        ("(00)", "01 00"),
        ("( )", "00"),
        ("", ""),
    ],
)
def test_a_pdu_is_written_in_words(text: str, expected: str | bytes) -> None:
    assert octets(text) == (bytes.fromhex(expected) if isinstance(expected, str) else expected)


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\1", b"\0\1\1BANK", b"\xff" * 30])
def test_addresses_of_what_has_none_are_empty_or_what_stands_there(body: bytes) -> None:
    octets("source 00 destination 00", Taken("submit_sm", 0, 7, body))


def test_all_pdus_of_an_answer_have_one_id_and_the_next_answer_another() -> None:
    numbers, said = Numbers(), words_of("id10")
    first, second = Answer(ASKED, numbers), Answer(ASKED, numbers)
    assert [first.octets(said), first.octets(said), second.octets(said)] == [b"1", b"1", b"2"]


def test_lines_for_a_command_are_used_in_turn_and_the_last_again() -> None:
    script = Script("on submit_sm: 01\n# a comment\non submit_sm: 02; pause 1; close # and another\n\non unbind:\n")
    first, last = (Words(("01",)),), (Words(("02",)), Pause(1.0), Close())
    assert [script.next("submit_sm") for _ in range(3)] == [first, last, last]
    assert (script.next("unbind"), script.next("enquire_link")) == ((), None)


def test_a_command_without_a_name_is_written_by_its_number() -> None:
    script = Script("on 0x00010203: 00\non 0x4: 01")
    assert script.next("0x00010203") == (Words(("00",)),)
    assert script.next("submit_sm") == (Words(("01",)),)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("submit_sm: 00", "on COMMAND"),
        ("on submit_sm 00", "on COMMAND"),
        ("on shout: 00", "SMPP has no such command"),
        ("on unbind: 0", "word 1 is neither octets"),
        ("on unbind: 00 seqq", "step 1: word 2 is neither octets"),
        ("on unbind: 00; closed", "step 2: word 1 is neither octets"),
        ("on unbind: pause", "pause takes seconds"),
        ("on unbind: pause x", "pause takes seconds"),
        ("on unbind: pause -1", "pause takes seconds"),
        ("on unbind: pause nan", "pause takes seconds"),
        ("on unbind: pause inf", "pause takes seconds"),
        ("on unbind: pause 1 2", "pause takes seconds"),
        ('on unbind: "abc', "a quote is not closed"),
        ("on unbind: ( 00", "( is not closed"),
        ("on unbind: 00 )", ") closes nothing"),
        ("on unbind: ( 00 }", "} closes nothing"),
        ("on unbind: ( len )", "len stands between brackets"),
        (f"on unbind: ( {'00' * 256} )", "than 1 octets of length can say"),
        ('on unbind: "نعم"', "characters of Latin-1 only"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str, said: str) -> None:
    with pytest.raises(ScriptError, match=re.escape(said)) as caught:
        Script(f"on unbind: close\n{line}\non unbind: close")
    assert str(caught.value).startswith("line 2")


def test_the_usual_answers_can_be_read() -> None:
    assert Script(USUAL).next("bind_transceiver") is not None


def test_the_example_of_the_page_says_what_the_page_says() -> None:
    (example,) = re.findall(r"^```\n(.*?)^```", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    script = Script(example)
    steps = script.next("submit_sm")
    assert steps is not None
    answered, pause, told = steps
    assert (pause, script.next("deliver_sm_resp")) == (Pause(0.05), ())
    assert [script.next("enquire_link") == (Close(),) for _ in range(3)] == [False, True, True]
    assert isinstance(answered, Words)
    assert isinstance(told, Words)
    answer = Answer(ASKED, Numbers())
    assert p.decode(answer.octets(answered)) == p.SubmitSmResp(7, message_id="1")
    receipt = p.decode(answer.octets(told))
    assert isinstance(receipt, p.DeliverSm)
    assert (receipt.source_addr, receipt.destination_addr, receipt.esm_class) == ("966500000078", "BANK", 4)
    assert receipt.short_message == b"id:0001 stat:DELIVRD err:000 text:"
    assert receipt.tlvs == ((0x1400, b"vendor"),)


def test_the_page_names_every_word() -> None:
    page = DOCS.read_text("utf-8")
    words = ("len", "seq", "own", "id", "id10", "source", "destination", "( … )", "{ … }")
    for word in (*words, "pause SECONDS", "close"):
        assert f"`{word}`" in page
