import hashlib
import hmac

import pytest

from redaction.errors import KeyDestroyed
from redaction.keys import KeyState, Random
from redaction.personal import Msisdn, Secret
from redaction.pseudonymise import (
    credential_digest,
    former_leaves,
    idempotency_digests,
    leaf_of_pseudonym,
    pseudonymise,
)

from .conftest import CUSTOMER

NUMBER = Msisdn("966512345678", 966)
OTHER = Msisdn("966512345679", 966)


def test_same_number_is_the_same_subject(keys: KeyState) -> None:
    subject = pseudonymise(keys, CUSTOMER, NUMBER, 0)
    assert subject == pseudonymise(keys, CUSTOMER, Msisdn("966512345678", 966), 0)
    assert len(subject.pseudonym) == 16
    assert 0 <= subject.leaf < 2**40


@pytest.mark.policy("P-05")
def test_other_number_customer_epoch_or_purpose_is_another_subject(keys: KeyState, random: Random) -> None:
    keys.ensure_pepper(8, "search", 0, random)
    keys.ensure_pepper(CUSTOMER, "search", 1, random)
    subjects = [
        pseudonymise(keys, CUSTOMER, NUMBER, 0),
        pseudonymise(keys, CUSTOMER, OTHER, 0),
        pseudonymise(keys, 8, NUMBER, 0),
        pseudonymise(keys, CUSTOMER, NUMBER, 1),
        pseudonymise(keys, CUSTOMER, NUMBER, 0, "rate"),
    ]
    assert len({it.pseudonym for it in subjects}) == len({it.leaf for it in subjects}) == 5


@pytest.mark.policy("P-34")
def test_a_pseudonym_is_the_hmac_of_the_number_under_its_pepper(keys: KeyState) -> None:
    name = hmac.digest(keys.pepper(CUSTOMER, "search", 0), b"966512345678", "sha256")
    subject = pseudonymise(keys, CUSTOMER, Msisdn("966512345678", 966), 0)
    assert subject.pseudonym == name[:16]
    assert former_leaves(keys, CUSTOMER, NUMBER) == {subject.pseudonym: int.from_bytes(name[16:21], "big")}


@pytest.mark.case("privacy-10")
def test_a_leaf_follows_from_the_pseudonym_alone(keys: KeyState) -> None:
    subject = pseudonymise(keys, CUSTOMER, NUMBER, 0)
    assert subject.leaf == leaf_of_pseudonym(subject.pseudonym)
    digest = hashlib.blake2s(subject.pseudonym, key=b"connect-gateway leaf").digest()
    assert subject.leaf == int.from_bytes(digest[:5], "big")


def test_search_covers_the_live_epochs_oldest_first(keys: KeyState, random: Random) -> None:
    for epoch in (2, 1):
        keys.ensure_pepper(CUSTOMER, "search", epoch, random)
    keys.drop_epoch(CUSTOMER, "search", 0)
    found = [pseudonymise(keys, CUSTOMER, NUMBER, epoch).pseudonym for epoch in (1, 2)]
    assert list(former_leaves(keys, CUSTOMER, NUMBER)) == found


def test_pseudonyms_end_with_their_epoch(keys: KeyState) -> None:
    keys.drop_epoch(CUSTOMER, "search", 0)
    with pytest.raises(KeyDestroyed, match="pepper"):
        pseudonymise(keys, CUSTOMER, NUMBER, 0)
    assert former_leaves(keys, CUSTOMER, NUMBER) == {}


def test_credential_digest_depends_on_the_secret_alone(keys: KeyState) -> None:
    digest = credential_digest(keys, Secret("cgw_one"))
    assert len(digest) == 32
    assert digest == credential_digest(keys, Secret("cgw_one"))
    assert digest != credential_digest(keys, Secret("cgw_two"))


def test_idempotency_digest_tells_customers_keys_and_items_apart(keys: KeyState) -> None:
    asked = [(CUSTOMER, "order-1", 0), (CUSTOMER, "order-2", 0), (CUSTOMER, "order-1", 1), (0, "order-1", 0)]
    asked += [(CUSTOMER, "\ud800", 0)]
    digests = {idempotency_digests(keys, customer, key, 0, index).claimed for customer, key, index in asked}
    assert len(digests) == 5
    assert {len(it) for it in digests} == {16}
