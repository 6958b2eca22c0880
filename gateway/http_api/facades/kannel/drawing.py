"""Kannel's status and store-status pages as text, HTML and XML, laid out as Kannel 1.4.5 lays them out."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Final

import msgspec

from gateway.http_api.facades.kannel.pace import Rates
from gateway.http_api.facades.kannel.whole import Smsc, Whole

_VERSION: Final = "Kannel bearerbox version `1.4.5'.\nAnswered by Connect Gateway, which is none.\n"
"""Programs look for the first line."""
_STORAGE: Final = "internal"
_HERE: Final = "127.0.0.1"
"""Where a process is said to be, whose place is nobody's business."""
_STILL: Final = "0.00,0.00,0.00"
_INDENT: Final = "&nbsp;" * 4
_BREAK: Final = "<br>\n "
_COLUMNS: Final = ("SMS ID", "Type", "Time", "Sender", "Receiver", "SMSC ID", "BOX ID", "Flags", "UDH", "Message")


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """One of the kinds of pages. status: the page of a whole, without its frame. store: that of an empty store."""

    media: str
    before: str
    after: str
    status: Callable[[Whole], str]
    store: str

    def framed(self, said: str) -> bytes:
        return f"{self.before}{said}{self.after}".encode()


def _text(whole: Whole) -> str:
    boxes = [f"    {_box(at, uptime_s)}\n" for at, uptime_s in enumerate(whole.boxes, 1)]
    smscs = [f"    {each.name}[{each.name}]    {_link(each)}\n" for each in whole.smscs]
    wdp, *counts = _lines(whole)
    return (
        f"{_VERSION}\n\n{_head(whole)}\n\n{wdp}\n\n{counts[0]}\n{counts[1]}\n\n{counts[2]}\n{counts[3]}\n{counts[4]}\n\n"
        f"Box connections:\n{''.join(boxes)}\n\nSMSC connections:\n{''.join(smscs)}\n\n"
    )


def _html(whole: Whole) -> str:
    boxes = [f"{_INDENT}{_box(at, uptime_s)}<br>\n" for at, uptime_s in enumerate(whole.boxes, 1)]
    smscs = [
        f"{_INDENT}<b>{escape(each.name)}</b>[{escape(each.name)}]{_INDENT}{escape(_link(each))}<br>\n"
        for each in whole.smscs
    ]
    wdp, *counts = _lines(whole)
    messages, receipts = _BREAK.join(counts[:2]), _BREAK.join(counts[2:])
    return (
        f"{_VERSION}</p>\n\n <p>{_head(whole)}</p>\n\n <p>{wdp}</p>\n\n <p>{messages}</p>\n\n <p>{receipts}</p>\n\n"
        f"<p>Box connections:<br>\n{''.join(boxes)}</p>\n\n<p>SMSC connections:<br>\n{''.join(smscs)}</p>\n\n<p>"
    )


def _xml(whole: Whole) -> str:
    boxes = "\n".join(_xml_box(at, uptime_s) for at, uptime_s in enumerate(whole.boxes, 1))
    smscs = "".join(map(_xml_smsc, whole.smscs))
    received, sent, receipts = whole.received, whole.sent, whole.receipts
    return f"""<version>{escape(_VERSION, quote=False)}</version>
<status>{whole.status}, uptime {_span(whole.uptime_s)}</status>
	<wdp>
		<received><total>0</total><queued>0</queued></received>
		<sent><total>0</total><queued>0</queued></sent>
	</wdp>
	<sms>
		<received><total>{received.total}</total><queued>0</queued></received>
		<sent><total>{sent.total}</total><queued>{whole.queued}</queued></sent>
		<storesize>{whole.queued}</storesize>
		<inbound>{_rates(received.rates)}</inbound>
		<outbound>{_rates(sent.rates)}</outbound>
		</sms>
	<dlr>
		<received><total>{receipts.total}</total></received>
		<sent><total>0</total></sent>
		<inbound>{_rates(receipts.rates)}</inbound>
		<outbound>{_STILL}</outbound>
		<queued>{whole.awaited}</queued>
		<storage>{_STORAGE}</storage>
	</dlr>
<boxes>
{boxes}</boxes>
<smscs><count>{len(whole.smscs)}</count>
{smscs}</smscs>
"""


def _xml_box(at: int, uptime_s: int) -> str:
    return f"""	<box>
		<type>smsbox</type>
		<id>{at}</id>
		<IP>{_HERE}</IP>
		<queue>0</queue>
		<status>on-line {_span(uptime_s)}</status>
		<ssl>no</ssl>
	</box>"""


def _xml_smsc(smsc: Smsc) -> str:
    name = escape(smsc.name)
    return f"""	<smsc>
		<name>{name}</name>
		<admin-id>{name}</admin-id>
		<id>{name}</id>
		<status>{smsc.status}</status>
		<failed>{smsc.failed}</failed>
		<queued>{smsc.queued}</queued>
		<sms>
			<received>{smsc.received.total}</received>
			<sent>{smsc.sent.total}</sent>
			<inbound>{_rates(smsc.received.rates)}</inbound>
			<outbound>{_rates(smsc.sent.rates)}</outbound>
		</sms>
		<dlr>
			<received>{smsc.receipts.total}</received>
			<sent>0</sent>
			<inbound>{_rates(smsc.receipts.rates)}</inbound>
			<outbound>{_STILL}</outbound>
		</dlr>
	</smsc>
"""


def _head(whole: Whole) -> str:
    return f"Status: {whole.status}, uptime {_span(whole.uptime_s)}"


def _lines(whole: Whole) -> tuple[str, str, str, str, str, str]:
    """What text and HTML say of WDP, in one line, of messages, in two, and of receipts, in three."""
    received, sent, receipts, queued = whole.received, whole.sent, whole.receipts, whole.queued
    return (
        "WDP: received 0 (0 queued), sent 0 (0 queued)",
        f"SMS: received {received.total} (0 queued), sent {sent.total} ({queued} queued), store size {queued}",
        f"SMS: inbound ({_rates(received.rates)}) msg/sec, outbound ({_rates(sent.rates)}) msg/sec",
        f"DLR: received {receipts.total}, sent 0",
        f"DLR: inbound ({_rates(receipts.rates)}) msg/sec, outbound ({_STILL}) msg/sec",
        f"DLR: {whole.awaited} queued, using {_STORAGE} storage",
    )


def _box(at: int, uptime_s: int) -> str:
    return f"smsbox:{at}, IP {_HERE} (0 queued), (on-line {_span(uptime_s)})  "


def _link(smsc: Smsc) -> str:
    received, sent, receipts = smsc.received, smsc.sent, smsc.receipts
    return (
        f"{smsc.name} ({smsc.status}, "
        f"rcvd: sms {received.total} ({_rates(received.rates)}) / dlr {receipts.total} ({_rates(receipts.rates)}), "
        f"sent: sms {sent.total} ({_rates(sent.rates)}) / dlr 0 ({_STILL}), "
        f"failed {smsc.failed}, queued {smsc.queued} msgs)"
    )


def _span(seconds: int) -> str:
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours // 24}d {hours % 24}h {minute}m {second}s"


def _rates(rates: Rates) -> str:
    return ",".join(f"{each:.2f}" for each in rates)


_STORE_TEXT: Final = " ".join(f"[{each}]" for each in _COLUMNS) + "\n"
_STORE_HTML: Final = "<table border=1>\n<tr>{}</tr>\n</table>".format("".join(f"<td>{each}</td>" for each in _COLUMNS))
_HTML_BEFORE: Final = '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2//EN">\n<html>\n<title>Kannel</title>\n<body>\n<p>'
_PLAIN: Final = Drawing(media="text/plain", before="", after="", status=_text, store=_STORE_TEXT)
DRAWINGS: Final[Mapping[str, Drawing]] = {
    "": _PLAIN,
    ".txt": _PLAIN,
    ".html": Drawing(
        media="text/html", before=_HTML_BEFORE, after="</p>\n</body></html>\n", status=_html, store=_STORE_HTML
    ),
    ".xml": Drawing(
        media="text/plain",
        before='<?xml version="1.0"?>\n<gateway>\n',
        after="</gateway>\n",
        status=_xml,
        store="",
    ),
}
"""By how a path ends. XML is `text/plain` there, too."""
