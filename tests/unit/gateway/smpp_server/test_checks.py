"""Comparisons of passwords in threads of their own."""

import asyncio
import os
import sys
import threading

import pytest

from gateway.smpp_server.checks import GIVES_WAY, LEAST, Check, Checks
from tests.bounds import LIMIT_S


@pytest.mark.case("security-8")
@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no priorities by thread")
async def test_comparisons_give_way_to_the_loop() -> None:
    found: list[int] = []
    compared = asyncio.Event()

    def compare() -> bool:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return True

    checks = Checks()
    usual = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    checks.add("192.0.2.1", Check(compare, lambda: False, lambda _: compared.set()))
    async with asyncio.timeout(LIMIT_S):
        await compared.wait()
    checks.close()
    assert found == [min(LEAST, usual + GIVES_WAY)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == usual
