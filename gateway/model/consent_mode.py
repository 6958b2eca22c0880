"""What is done about a customer's messages that need consent."""

from enum import StrEnum


class ConsentMode(StrEnum):
    """OFF: nothing is looked up. WATCH: what would be refused is counted, and sent. ENFORCE: it is refused."""

    OFF = "off"
    WATCH = "watch"
    ENFORCE = "enforce"
