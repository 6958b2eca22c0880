"""What the tests with foreign peers share: the npm package, installed once, and certificates for loopback."""

import contextlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.certificates import Certificates, make_certificates
from tests.interop.smscs import Smsc, aiosmpplib_smsc, node_smsc, smpp34_smsc

Start = Callable[..., contextlib.AbstractAsyncContextManager[Smsc]]

NPM_PACKAGE = "smpp@0.5.1"
NPM_LIMIT_S = 90


@pytest.fixture(scope="session")
def node_smpp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where node finds the package `smpp`; the test is skipped where it cannot be had."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed here")
    folder = tmp_path_factory.mktemp("node")
    words = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", NPM_PACKAGE]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, timeout=NPM_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install {NPM_PACKAGE} within {NPM_LIMIT_S} s")
    if done.returncode:
        pytest.skip(f"npm cannot install {NPM_PACKAGE} here")
    return folder / "node_modules" / "smpp"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["aiosmpplib", "smpp34", "node"])
def start(request: pytest.FixtureRequest) -> Start:
    """Starts an SMSC; with certificates it speaks TLS."""
    if request.param == "aiosmpplib":
        return aiosmpplib_smsc
    if request.param == "smpp34":
        return smpp34_smsc
    package: Path = request.getfixturevalue("node_smpp")
    return lambda certificates=None: node_smsc(package, certificates)
