"""What was demanded of a run, as JUnit's XML: for the servers that build software and show what failed."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from benchmarks.compare import Move
from benchmarks.figures import Report, Threshold


def junit(report: Report, thresholds: Sequence[Threshold], moves: Sequence[Move] = ()) -> bytes:
    """A case for each result's truth, each threshold, and each figure that was compared. moves: those whose getting
    worse counts.
    """
    suite = ET.Element("testsuite", name="load test")
    for result in report.results:
        _case(suite, result.full_name, result.truth)
    for each in thresholds:
        _case(suite, each.result, each.text, "" if each.met else f"{each.text}: {each.value}")
    for move in moves:
        words = f"{move.change:+.1%}, {move.verdict}"
        _case(suite, move.result, f"{move.figure} no worse", words if move.verdict == "worse" else "")
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    ET.indent(suite)
    text: str = ET.tostring(suite, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _case(suite: ET.Element, of: str, name: str, failure: str = "") -> None:
    case = ET.SubElement(suite, "testcase", classname=of, name=name)
    if failure:
        ET.SubElement(case, "failure", message=failure)
