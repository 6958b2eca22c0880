"""Every run says which build of the gateway it tests, and stops when that is not the one that was asked for."""

import os

import pytest

from gateway.process.version import BUILD

VARIABLE = "CONNECT_GATEWAY_BUILD"


def pytest_configure() -> None:
    wanted = os.environ.get(VARIABLE, BUILD)
    if wanted != BUILD:
        pytest.exit(f"{VARIABLE} is {wanted}, but the gateway that Python finds is {BUILD}", returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if BUILD == "compiled":
        skip = pytest.mark.skip(reason="for the interpreted build")
        for item in items:
            if item.get_closest_marker("interpreted") is not None:
                item.add_marker(skip)


def pytest_report_header() -> str:
    return f"gateway: {BUILD}"
