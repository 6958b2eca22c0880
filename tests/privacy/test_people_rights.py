"""What people may ask for and the gateway cannot do yet: each test has to fail until there is a rights desk."""

import subprocess
import sys

import pytest

from tests.forked import ROOT


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("subject", "erase", "--help"), marks=pytest.mark.case("privacy-3")),
        pytest.param(("customer", "show", "--help"), marks=pytest.mark.case("privacy-14")),
    ],
)
def test_there_is_a_verb(words: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", "gateway", *words], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0
