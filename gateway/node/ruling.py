"""The messaging rules of a node: packs, operators and terms as the settings say."""

from collections.abc import Mapping
from pathlib import Path

from config.problems import ConfigError, Problem
from config.rules import PackInvalid, all_packs, season
from config.settings import Settings
from gateway.ledger.roles import Acts
from gateway.rules.choice import Packs
from gateway.rules.engine import Customers
from gateway.rules.engine import Rules as Rules
from gateway.rules.modes import Mode
from gateway.rules.plans import Terms
from gateway.rules.register import Register
from gateway.rules.transfers import Recipient


def packs_of(settings: Settings) -> Packs:
    """Reads files. Raises ConfigError."""
    directory = settings.rules.directory
    try:
        return Packs(all_packs(None if directory is None else Path(directory)))
    except PackInvalid as error:
        raise ConfigError(
            [Problem(file="", line=0, key="rules.directory", message=str(error), code="pack_invalid")]
        ) from None


def terms_of(settings: Settings) -> Terms:
    rules = settings.rules
    return Terms(
        enforced_from=rules.enforced_from,
        usual=Mode(rules.without_kind),
        ramadan=rules.ramadan_hours,
        seasons=[season(each) for each in rules.ramadan],
    )


def recipients_of(settings: Settings) -> Mapping[str, Recipient]:
    registers = {each.name: each.register for each in settings.operators}
    return {name: Recipient(each.place, each.transfer_allowed) for name, each in registers.items()}


async def open_rules(settings: Settings, acts: Acts, customers: Customers) -> Rules:
    """With the register of senders as it stands. Raises ConfigError and LedgerUnavailable."""
    register = Register(acts)
    await register.refresh()
    return Rules(packs_of(settings), customers, register, recipients_of(settings), terms_of(settings))
