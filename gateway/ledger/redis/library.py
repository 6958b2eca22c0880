"""The functions that run inside the server, from the Lua files beside this module: one library, named by its version.

A node loads the library when the server lacks it or has other code under its name. Nodes of an older version call
functions of their own version, which stay. So a text that was released never changes under its number: nodes that come
and go would replace each other's functions under the feet of both.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Final

VERSION: Final = 4
DIGEST: Final = "b74bde630f4959787abe60a17024b2769fc47f58eaee7089ec7a89efe6f99af7"
"""SHA-256 of the text. A test compares it: another text takes the next VERSION, unless this one was never released."""
NAME: Final = f"connect_gateway_{VERSION}"
PREFIX: Final = f"cg{VERSION}_"
"""Of each function's name."""
_FILES: Final = (
    "records",
    "listing",
    "outbox",
    "writing",
    "reading",
    "forgetting",
    "tables",
    "acts",
    "balances",
    "permissions",
    "sharing",
    "many",
)


def code() -> str:
    """The library as `FUNCTION LOAD` takes it."""
    folder = files("gateway.ledger.redis").joinpath("lua")
    parts: Sequence[str] = [folder.joinpath(f"{name}.lua").read_text("utf-8") for name in _FILES]
    return "\n".join((f"#!lua name={NAME}", f"local PREFIX = '{PREFIX}'", *parts))
