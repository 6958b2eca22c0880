"""What a customer wants done when a text of its own holds personal data of a kind: warn, mask or block.

The rules stand in the customer's settings; a customer without any pays nothing for this. A text that is masked is sent
masked; a part of a longer message, which cannot be changed, is blocked in its stead.
"""

import enum
from collections.abc import Iterable, Mapping

from gateway.accounts.invalid import InvalidSetting
from gateway.model.refusals import Refusal
from redaction.detect import Kind, find, mask
from redaction.errors import alone


class ContentAction(enum.Enum):
    """From the mildest to the strictest."""

    WARN = "warn"  # send it; the answer says what was found
    MASK = "mask"  # send it with a word such as [iban] in its place
    BLOCK = "block"  # refuse it


ContentRules = Mapping[Kind, ContentAction]


def enforce(rules: ContentRules, text: str, *, changeable: bool = True) -> tuple[str, tuple[str, ...]]:
    """The text that may be sent, and what the customer is warned of, such as "contains_iban", in order of the text.

    What is blocked is looked for strictly: cards, IBANs and identity numbers by their check digits alone.
    Raises Refusal `content_blocked`.
    """
    blocked = {kind for kind, action in rules.items() if action is ContentAction.BLOCK}
    if blocked and any(each.kind in blocked for each in find(text, strict=True)):
        raise Refusal("content_blocked", "text")
    found = {each.kind: None for each in find(text) if each.kind in rules}
    masked = {kind for kind in found if rules[kind] is ContentAction.MASK}
    if masked and not changeable:
        raise Refusal("content_blocked", "text")
    warnings = tuple(f"{'masked' if kind in masked else 'contains'}_{kind.value}" for kind in found)
    return (mask(text, masked) if masked else text), warnings


def parse_rules(words: Iterable[str], standing: ContentRules) -> ContentRules:
    """`standing` changed by words such as "iban=mask"; "iban=off" takes a rule away. Raises InvalidSetting."""
    rules = dict(standing)
    for word in words:
        kind, _, action = word.partition("=")
        try:
            if action == "off":
                rules.pop(Kind(kind), None)
            else:
                rules[Kind(kind)] = ContentAction(action)
        except ValueError:
            kinds = ", ".join(each.value for each in Kind)
            raise alone(InvalidSetting(f"a rule is KIND=warn, mask, block or off; kinds are {kinds}")) from None
    return rules
