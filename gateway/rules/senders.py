"""What a sender's name must look like for a class. Pure."""

import re
from collections.abc import Sequence
from functools import lru_cache

from config.rules import ClassRule, Lint, SenderRule


def findings(rule: SenderRule, of_class: ClassRule, sender: str) -> Sequence[tuple[str, Lint]]:
    """Codes, each with what follows from it by the pack."""
    if sender.isascii() and sender.isdigit():
        return (("sender_not_a_name", rule.numeric),)
    found: list[tuple[str, Lint]] = []
    has_suffix = sender.endswith(rule.promotional_suffix)
    if of_class.suffix and not has_suffix:
        found.append(("sender_needs_suffix", "refuse"))
        if len(sender) > rule.max_length - len(rule.promotional_suffix):
            found.append(("sender_too_long_for_suffix", "refuse"))
    if has_suffix and not of_class.suffix:
        found.append(("suffix_reserved", "refuse"))
    fits = rule.min_length <= len(sender.removesuffix(rule.promotional_suffix if has_suffix else ""))
    if not fits or len(sender) > rule.max_length or not _characters(rule.characters).fullmatch(sender):
        found.append(("sender_not_a_name", rule.odd))
    return tuple(each for each in found if each[1] != "off")


@lru_cache(16)
def _characters(allowed: str) -> re.Pattern[str]:
    return re.compile(f"[{allowed}]+", re.ASCII)
