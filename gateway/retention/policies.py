"""The retention rule in force for one customer's messages: its tag's, or a shorter one that the customer asked for."""

from collections.abc import Callable, Mapping

from redaction.retention import RetentionRule, RetentionTag, RetentionWish, shortened

Wishes = Callable[[int], Mapping[RetentionTag, RetentionWish]]
"""What a customer, by its number, asked for."""


def _nobody(_customer: int) -> Mapping[RetentionTag, RetentionWish]:
    return {}


class RetentionPolicies:
    """Looked up for every message, so it is two dictionaries; few customers have policies of their own.

    rules: by tag, for everybody.
    """

    def __init__(self, rules: Mapping[RetentionTag, RetentionRule], wishes: Wishes = _nobody) -> None:
        self._rules = rules
        self._wishes = wishes

    def of(self, customer: int, tag: RetentionTag) -> RetentionRule:
        """Raises KeyError for an unknown tag."""
        rule = self._rules[tag]
        wish = self._wishes(customer).get(tag)
        return rule if wish is None else shortened(rule, wish)
