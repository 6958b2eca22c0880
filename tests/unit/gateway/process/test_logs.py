"""Log lines: declared keys, masks, scrubbed exceptions, one form for all."""

import asyncio
import errno
import gc
import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gateway.node.stores import record_refused_opening
from gateway.process.logs import configure, describe_unexpected, logger
from redaction.personal import Msisdn, Purpose, Secret

NUMBER = "966500000078"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("info", "json", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def line(out: io.StringIO) -> Any:
    (only,) = out.getvalue().splitlines()
    return json.loads(only)


def test_an_event_is_one_line_of_json_with_level_and_time(out: io.StringIO) -> None:
    logger("gateway").info("operator_up", operator="stc", count=3)
    said = line(out)
    assert said.pop("timestamp").endswith("Z")
    assert said == {"event": "operator_up", "operator": "stc", "count": 3, "level": "info"}


def test_what_is_below_the_level_is_not_written(out: io.StringIO) -> None:
    logger("gateway").debug("detail")
    assert out.getvalue() == ""


@pytest.mark.policy("P-05")
def test_a_key_that_nobody_declared_is_dropped(out: io.StringIO) -> None:
    logger("gateway").info("submitted", to=NUMBER, text="between us", operator="stc")
    assert NUMBER not in out.getvalue()
    assert "between us" not in out.getvalue()
    assert line(out)["operator"] == "stc"


@pytest.mark.policy("P-05")
@pytest.mark.parametrize("value", [Msisdn(NUMBER, 966), Secret("hunter2-hunter2"), [Secret("hunter2-hunter2")]])
def test_personal_values_print_as_masks_under_whatever_key(out: io.StringIO, value: object) -> None:
    logger("gateway").info("odd", reason=value, status=value)
    assert NUMBER not in out.getvalue()
    assert "hunter2" not in out.getvalue()


@pytest.mark.policy("P-05")
def test_an_exception_is_its_type_its_scrubbed_text_and_its_place(out: io.StringIO) -> None:
    number = "+" + NUMBER
    try:
        raise ValueError(f"cannot send to {number}")
    except ValueError:
        logger("gateway").exception("task_died", task="journal")
    said = line(out)
    assert said["error_type"] == "ValueError"
    assert said["error"] == "cannot send to [number]"
    assert said["where"].startswith(__name__)
    assert NUMBER not in out.getvalue()


def test_an_exception_can_be_handed_over(out: io.StringIO) -> None:
    logger("gateway").error("task_died", exc_info=KeyError("name"))
    assert line(out)["error_type"] == "KeyError"


@pytest.mark.policy("P-05")
def test_lines_of_libraries_are_scrubbed_whole(out: io.StringIO) -> None:
    logging.getLogger("aiohttp.access").warning("POST /to?number=%s", "+" + NUMBER)
    said = line(out)
    assert said["event"] == "POST /to?[query]"
    assert said["level"] == "warning"


@pytest.mark.policy("P-05")
def test_exceptions_of_libraries_show_no_source_lines(out: io.StringIO) -> None:
    try:
        raise OSError(f"{NUMBER} unreachable")
    except OSError:
        logging.getLogger("library").exception("failed")
    assert NUMBER not in out.getvalue()
    assert line(out)["error_type"] == "OSError"
    assert "Traceback" not in out.getvalue()


def test_warnings_are_log_lines(out: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old call", stacklevel=1)
    assert "old call" in line(out)["event"]


@pytest.mark.policy("P-05")
def test_the_text_of_a_warning_is_scrubbed(out: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn(f"no answer from {NUMBER}", stacklevel=1)
    assert NUMBER not in out.getvalue()
    assert "no answer from [number]" in line(out)["event"]


@pytest.mark.policy("P-05")
def test_the_names_of_tasks_and_their_failures_are_scrubbed_when_the_loop_complains(out: io.StringIO) -> None:
    async def fail() -> None:
        raise RuntimeError(f"cannot deliver to {NUMBER}")

    async def forget() -> None:
        task = asyncio.ensure_future(fail())
        await asyncio.wait([task])
        del task
        gc.collect()

    asyncio.run(forget())
    said = line(out)
    assert said["error"] == "cannot deliver to [number]"
    assert NUMBER not in out.getvalue()


@pytest.mark.policy("P-05")
def test_what_nobody_catches_is_a_log_line_without_the_number() -> None:
    program = f"""
import gc, sys, threading
from gateway.process.logs import catch_the_uncaught, configure
configure("info", "json")
catch_the_uncaught()
def fail(): raise ValueError("to {NUMBER}")
thread = threading.Thread(target=fail)
thread.start(); thread.join()
class Bad:
    def __del__(self): fail()
Bad(); gc.collect()
fail()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(each["event"], each["error"]) for each in lines] == [("uncaught", "to [number]")] * 3
    assert done.returncode == 1


@pytest.mark.policy("P-08")
def test_a_refused_opening_is_a_log_line(out: io.StringIO) -> None:
    record_refused_opening(Purpose.IMPROVEMENT, "content")
    said = line(out)
    assert (said["event"], said["purpose"], said["field"]) == ("opening_refused", "improvement", "content")


def test_an_unexpected_error_is_described_in_one_line_that_may_be_shown() -> None:
    try:
        raise ValueError(f"bad row for {NUMBER}\nand more")
    except ValueError as error:
        text = describe_unexpected(error)
    assert text.startswith(f"ValueError at {__name__}:")
    assert NUMBER not in text


def test_a_console_has_lines_for_people(out: io.StringIO) -> None:
    stream = io.StringIO()
    structlog.reset_defaults()
    configure("info", "console", stream)
    logger("other").info("started", port=8080)
    assert "started" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


class Disk(io.StringIO):
    """Full, or not; where whoever reads is gone, a pipe says the like."""

    fault: OSError | None = None

    def write(self, text: str) -> int:
        if self.fault is not None:
            raise self.fault
        return super().write(text)


@pytest.mark.case("faults-8")
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EPIPE])
def test_lines_that_cannot_be_written_are_counted_and_said_in_one_line(
    out: io.StringIO, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = Disk()
    configure("info", "json", disk)
    disk.fault = OSError(code, "no")
    for _ in range(5):
        logger("gateway").info("submitted", to=NUMBER)
        logging.getLogger("library").warning("raw text of %s", NUMBER)
    disk.fault = None
    for _ in range(2):
        logger("gateway").info("operator_up", operator="stc")
    said = [json.loads(each) for each in disk.getvalue().splitlines()]
    assert [each["event"] for each in said] == ["operator_up", "log_lines_lost", "operator_up"]
    assert (said[1]["count"], said[1]["level"]) == (10, "error")
    assert (out.getvalue(), *capsys.readouterr()) == ("", "", "")


def test_a_process_without_standard_error_logs_nowhere(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    configure("info")
    logger("gateway").info("operator_up", operator="stc")
    assert out.getvalue() == ""
