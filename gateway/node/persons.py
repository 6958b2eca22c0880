"""The registry of people, on the stores of a node."""

from gateway.accounts.directory import Directory
from gateway.keystore.people_keys import PeopleKeys
from gateway.keystore.store import Keystore
from gateway.ledger.roles import Acts
from gateway.people.registry import Registry as Registry
from gateway.process.clock import Clock
from redaction.seal import Sealer


def open_people(acts: Acts, sealer: Sealer, clock: Clock, keystore: Keystore, directory: Directory) -> Registry:
    return Registry(acts, sealer, clock, keys=PeopleKeys(keystore, clock), is_disabled=directory.is_disabled)
