"""The command that the demonstration ends with can be copied from any terminal."""

import io
import json
import shlex

import pytest
from rich.console import Console

from gateway.tools.demo import _curl, _print_whole


@pytest.mark.case("loadtest-2")
@pytest.mark.parametrize("width", [20, 40, 79, 80, 81, 120, 300])
@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("key", ["cgw_" + "a1B2" * 12, "[bold]cgw_:smile:_x[/bold]"])
def test_the_command_is_one_line_however_narrow_the_terminal(width: int, terminal: bool, key: str) -> None:
    out = io.StringIO()
    _print_whole(Console(file=out, width=width, force_terminal=terminal), f"  {_curl('http://127.0.0.1:8080', key)}\n")
    words = shlex.split(out.getvalue().splitlines()[0])
    assert words[:2] == ["curl", "http://127.0.0.1:8080/v1/messages"]
    assert f"Authorization: Bearer {key}" in words
    assert json.loads(words[-1])["from"] == "INTERKEY"
