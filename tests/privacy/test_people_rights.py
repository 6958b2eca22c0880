"""What people may ask for and the gateway cannot do yet: each test has to fail until there is a rights desk."""

import subprocess
import sys
from pathlib import Path

import pytest

from redaction.personal import Msisdn
from redaction.retention import OTP
from tests.unit.gateway.road import CUSTOMER, running_road
from tests.verbs import ROOT

DAY_S = 24 * 3_600.0
LAST = "7"
"""What a row says of a number in clear: its country, and its last digits."""


@pytest.mark.case("privacy-2", waits="rights")
async def test_live_keys_find_nobody_whose_content_has_gone(tmp_path: Path) -> None:
    async with running_road(tmp_path) as road:
        begun_ms = road.clock.now_ms()
        person = Msisdn("966500000047", 966)
        stored = road.keyring.pseudonymise(CUSTOMER, person, OTP, begun_ms).pseudonym
        road.clock.advance(10 * DAY_S)
        candidates = (Msisdn(f"96650000{tried:03}{LAST}", 966) for tried in range(1_000))
        found = [
            each for each in candidates if road.keyring.pseudonymise(CUSTOMER, each, OTP, begun_ms).pseudonym == stored
        ]
    assert not found


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("subject", "erase", "--help"), marks=pytest.mark.case("privacy-3")),
        pytest.param(("customer", "show", "--help"), marks=pytest.mark.case("privacy-14", waits="rights")),
    ],
)
def test_there_is_a_verb(words: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", "gateway", *words], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0
