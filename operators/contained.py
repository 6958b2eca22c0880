"""An error that ended one piece of work and nothing else goes to the loop's exception handler, as asyncio's own do.

A node counts and logs it there (`gateway.process.containment`). Whoever caught it has ended the work already: closed
the connection, given the message its result, or is about to begin anew.
"""

import asyncio


def report(work: str, error: BaseException) -> None:
    """work: its kind, one of `gateway.process.containment.WORKS`."""
    asyncio.get_running_loop().call_exception_handler(
        {"message": "work ended by an error", "work": work, "exception": error}
    )
