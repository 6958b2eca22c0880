"""Kannel's pages, against what Kannel 1.4.5 itself wrote (with other names and numbers)."""

from xml.etree import ElementTree

import pytest

from gateway.http_api.facades.kannel.drawing import DRAWINGS
from gateway.http_api.facades.kannel.whole import Load, Smsc, Whole

RATES = (0.25, 0.2, 0.1)
STC = Smsc(
    name="stc",
    status="online 2s",
    failed=1,
    queued=3,
    received=Load(4, RATES),
    sent=Load(5, RATES),
    receipts=Load(6, RATES),
)
WHOLE = Whole(status="running", uptime_s=93_784, boxes=(93_784,), awaited=7, smscs=(STC,))
NONE = Whole(status="suspended", uptime_s=0, boxes=(), awaited=0, smscs=())
LINES = """
Status: running, uptime 1d 2h 3m 4s

WDP: received 0 (0 queued), sent 0 (0 queued)

SMS: received 4 (0 queued), sent 5 (3 queued), store size 3
SMS: inbound (0.25,0.20,0.10) msg/sec, outbound (0.25,0.20,0.10) msg/sec

DLR: received 6, sent 0
DLR: inbound (0.25,0.20,0.10) msg/sec, outbound (0.00,0.00,0.00) msg/sec
DLR: 7 queued, using internal storage

Box connections:
    smsbox:1, IP 127.0.0.1 (0 queued), (on-line 1d 2h 3m 4s)  


SMSC connections:
    stc[stc]    stc (online 2s, rcvd: sms 4 (0.25,0.20,0.10) / dlr 6 (0.25,0.20,0.10), sent: sms 5 (0.25,0.20,0.10) / dlr 0 (0.00,0.00,0.00), failed 1, queued 3 msgs)
"""  # noqa: E501, W291  as Kannel writes it


def drawn(suffix: str, whole: Whole = WHOLE) -> str:
    drawing = DRAWINGS[suffix]
    return drawing.framed(drawing.status(whole)).decode()


@pytest.mark.parametrize("suffix", ["", ".txt"])
def test_text_has_kannels_lines(suffix: str) -> None:
    said = drawn(suffix)
    assert said.startswith("Kannel bearerbox version `1.4.5'.\n")
    assert LINES in said


def test_html_says_the_same() -> None:
    said = drawn(".html").replace("<br>", "").replace("&nbsp;", " ")
    for line in filter(None, LINES.replace("stc[stc]", "<b>stc</b>[stc]").splitlines()):
        assert line.strip() in said


@pytest.mark.parametrize("whole", [WHOLE, NONE])
def test_xml_is_well_formed(whole: Whole) -> None:
    root = ElementTree.fromstring(drawn(".xml", whole))
    assert root.findtext("smscs/count") == str(len(root.findall("smscs/smsc")))
    assert len(root.findall("boxes/box")) == len(whole.boxes)


def test_xml_names_every_number() -> None:
    root = ElementTree.fromstring(drawn(".xml"))
    assert {each.tag for each in root} == {"version", "status", "wdp", "sms", "dlr", "boxes", "smscs"}
    found = {
        path: root.findtext(path)
        for path in ("status", "sms/received/total", "sms/sent/total", "sms/sent/queued", "dlr/received/total",
                     "dlr/queued", "smscs/smsc/id", "smscs/smsc/status", "smscs/smsc/failed", "smscs/smsc/queued",
                     "smscs/smsc/sms/outbound", "smscs/smsc/dlr/received")
    }  # fmt: skip
    assert list(found.values()) == ["running, uptime 1d 2h 3m 4s", "4", "5", "3", "6", "7", "stc", "online 2s", "1",
                                    "3", "0.25,0.20,0.10", "6"]  # fmt: skip


def test_what_could_be_markup_is_none() -> None:
    for suffix in (".xml", ".html"):
        said = drawn(suffix, Whole(status="running", uptime_s=0, boxes=(), awaited=0, smscs=(_named("<a&b>"),)))
        assert "<a&b>" not in said
        assert "&lt;a&amp;b&gt;" in said


def _named(name: str) -> Smsc:
    none = Load()
    return Smsc(name=name, status="dead", failed=0, queued=0, received=none, sent=none, receipts=none)


def test_a_store_has_columns_and_no_rows() -> None:
    assert drawn_store("") == (
        "[SMS ID] [Type] [Time] [Sender] [Receiver] [SMSC ID] [BOX ID] [Flags] [UDH] [Message]\n"
    )
    assert list(ElementTree.fromstring(drawn_store(".xml"))) == []
    assert drawn_store(".html").count("<tr>") == 1


def drawn_store(suffix: str) -> str:
    drawing = DRAWINGS[suffix]
    return drawing.framed(drawing.store).decode()
