"""The sealed form in which a key state rests, and what may be said of it without its keys: ages, and a digest.

Two levels: a table under the root, and segments, each under a key of its own that the table holds. In the table stand
all periods with the root of their tree; in segments lie customers and peppers, secrets of epochs, those that were
handed over to a custodian, and the nodes of trees from which a leaf was punctured. Destruction is: change the state,
seal what it touched under fresh keys and the table under a *fresh* root, destroy the old root. The header's root
commitment distinguishes a wrong root from a damaged blob.
"""

import hmac
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from redaction import first_layout
from redaction.customer_keys import CUSTOMER_GROUPS, CUSTOMERS, LAYOUT
from redaction.epoch_secrets import EPOCHS_A_GROUP, KEY_BYTES, SECRETS
from redaction.errors import Tampered, UnknownVersion, WrongRoot, alone
from redaction.first_layout import FIRST, flat_peppers
from redaction.handed_over import CUSTODIAN, HANDED
from redaction.keys import ROOT_BYTES, KeyState, Random
from redaction.puncture import PuncturableKey
from redaction.retired_keys import Retired
from redaction.segments import ID_BYTES, Segments, id_of, ids_in, seal_segment
from redaction.stored_keys import (
    Key,
    KeyAge,
    KeyFamilies,
    Period,
    SealedState,
    StoredCustodian,
    StoredCustomer,
    StoredCustomers,
    StoredGroup,
    StoredHanded,
    StoredPepper,
    StoredRetired,
    StoredSecret,
    StoredTable,
    StoredTree,
)

_MAGIC: Final = b"CGKS"
_KNOWN: Final = frozenset({CUSTOMERS, SECRETS, HANDED, CUSTODIAN})
"""Kinds of groups that are read here."""
_HEADER: Final = struct.Struct(">4sB16s16s")
"""Magic, version, salt, root commitment; ciphertext and tag follow. The whole header is authenticated."""


def seal_state(state: KeyState, root: bytes, random: Random) -> SealedState:
    """The state as only `root` (32 bytes) opens it. `state` names its new segments from then on.

    What it left stays for one more change, for those who are just about to read it; its keys are in no table any more.
    """
    if state.layout == FIRST:
        return SealedState(_seal(first_layout.to_bytes(state), FIRST, root, random), {})
    fresh: dict[bytes, bytes] = {}
    _seal_groups(state, fresh, random)
    for entry in state.families.periods.values():
        if not entry.key.root():
            _seal_parts(entry.key, fresh, random)
    deletable, state.deletable = state.deletable, state.segments.superseded
    state.segments.superseded = []
    table = StoredTable(state.layout, _trees(state), _groups(state), b"".join(state.deletable))
    return SealedState(_seal(msgspec.msgpack.encode(table), state.layout, root, random), fresh, deletable)


def open_state(blob: bytes, root: bytes, segments: Segments) -> KeyState:
    """The state that `seal_state` wrote. segments: where it reads those, now and later.

    Raises `WrongRoot`, `Tampered` or `UnknownVersion`, and what reading raises.
    """
    header = blob[: _HEADER.size]
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        raise Tampered("not a key store")
    _, version, salt, commitment = _HEADER.unpack(header)
    if not FIRST <= version <= LAYOUT:
        raise UnknownVersion("key state of another version")
    if not hmac.compare_digest(commitment, _commitment(root)):
        raise WrongRoot("the key store is sealed under another root")
    cipher, nonce = _cipher(root, salt)
    try:
        content = cipher.decrypt(nonce, blob[_HEADER.size :], header)
    except InvalidTag:
        raise alone(Tampered("the key store was changed")) from None
    return first_layout.from_bytes(content) if version == FIRST else _from_table(content, segments, version)


def every_segment(state: KeyState, fresh: Mapping[bytes, bytes]) -> Iterable[tuple[bytes, bytes]]:
    """Id and sealed octets of every segment that the state names: fresh ones, and those where it was read, as they are.

    Raises `Tampered` for one that is missing.
    """
    yield from fresh.items()
    for place in sorted(state.places()):
        if id_of(place) not in fresh:
            (sealed,) = state.segments.read([id_of(place)])
            if sealed is None:
                raise Tampered("a segment of the key store is missing")
            yield id_of(place), sealed


def state_digest(state: KeyState) -> bytes:
    """SHA-256 of the state, for destruction certificates: it shows a change and gives nothing away.

    What lies in a segment of a tree, or in one of a kind that is not known here, stands in it by its place.
    """
    families = state.families
    trees = [(name, it.created_ms, it.key.root(), it.key.outline()) for name, it in sorted(families.periods.items())]
    customers = [(name, it.value, it.created_ms) for name, it in sorted(families.customers.items())]
    secrets = [(name, it.value, it.created_ms) for name, it in sorted(families.secrets.items())]
    others = [it for it in _groups(state) if it.kind not in _KNOWN]
    handed = (state.handed.stored(), [it for _, it in sorted(state.handed.rows.items())])
    parts = (trees, customers, flat_peppers(families.peppers), secrets, others, _flat_retired(families.retired), handed)
    return sha256(msgspec.msgpack.encode(parts)).digest()


def key_ages(state: KeyState) -> list[KeyAge]:
    """Name and time of creation of every key, for status."""
    families = state.families
    periods = [_age("period", key, entry.created_ms) for key, entry in sorted(families.periods.items())]
    customers = [_age("customer", (key,), entry.created_ms) for key, entry in sorted(families.customers.items())]
    own = flat_peppers(families.peppers)
    peppers = [_age("pepper", (it.customer, it.purpose, it.epoch), it.created_ms) for it in own]
    secrets = [
        _age("secret", (purpose, tag, epoch) if tag else (purpose, epoch), it.created_ms)
        for (purpose, tag, epoch), it in sorted(families.secrets.items())
    ]
    gone = [
        _age("retired", (customer, it.retired_ms), it.created_ms)
        for customer, generations in sorted(families.retired.items())
        for it in generations
    ]
    handed = [
        _age("handed", (tag, epoch) if tag else (epoch,), it.created_ms)
        for (tag, epoch), it in sorted(state.handed.rows.items())
    ]
    return periods + customers + peppers + secrets + gone + handed


# Sealing


def _seal(content: bytes, version: int, root: bytes, random: Random) -> bytes:
    salt = random(16)
    header = _HEADER.pack(_MAGIC, version, salt, _commitment(root))
    cipher, nonce = _cipher(root, salt)
    return header + cipher.encrypt(nonce, content, header)


def _seal_groups(state: KeyState, fresh: dict[bytes, bytes], random: Random) -> None:
    contents = _contents(state)
    for name in sorted(state.touched):
        before = state.groups.pop(name, None)
        if before is not None:
            state.segments.leave(before)
        if name in contents:
            state.groups[name] = _place(contents[name], fresh, random)
    state.touched.clear()


def _seal_parts(key: PuncturableKey, fresh: dict[bytes, bytes], random: Random) -> None:
    for part in key.parts:
        if part.nodes is not None:
            part.place = _place(part.nodes, fresh, random)
            key.segments.hold(part.place, part.nodes)
            part.nodes = None


def _place(content: bytes | bytearray, fresh: dict[bytes, bytes], random: Random) -> bytes:
    place = random(ID_BYTES) + random(KEY_BYTES)
    fresh[id_of(place)] = seal_segment(content, place)
    return place


def _contents(state: KeyState) -> dict[tuple[str, int], bytes]:
    """What the touched groups hold, without those that are empty."""
    families, touched = state.families, state.touched
    if not touched:
        return {}
    customers: dict[int, list[StoredCustomer]] = defaultdict(list)
    peppers: dict[int, list[StoredPepper]] = defaultdict(list)
    secrets: dict[int, list[StoredSecret]] = defaultdict(list)
    for customer, key in sorted(families.customers.items()):
        if (CUSTOMERS, customer % CUSTOMER_GROUPS) in touched:
            customers[customer % CUSTOMER_GROUPS].append(StoredCustomer(customer, key.value, key.created_ms))
    own = {name: it for name, it in families.peppers.items() if (CUSTOMERS, name[0] % CUSTOMER_GROUPS) in touched}
    for pepper in flat_peppers(own):
        peppers[pepper.customer % CUSTOMER_GROUPS].append(pepper)
    retired: dict[int, list[StoredRetired]] = defaultdict(list)
    for it in _flat_retired(families.retired):
        if (CUSTOMERS, it.customer % CUSTOMER_GROUPS) in touched:
            retired[it.customer % CUSTOMER_GROUPS].append(it)
    for name, key in sorted(families.secrets.items()):
        if (SECRETS, name[2] // EPOCHS_A_GROUP) in touched:
            secrets[name[2] // EPOCHS_A_GROUP].append(StoredSecret(*name, key.value, key.created_ms))
    encode = msgspec.msgpack.encode
    found = {(SECRETS, number): encode(rows) for number, rows in secrets.items()} | _handed_contents(state)
    for number in customers.keys() | peppers.keys():
        found[CUSTOMERS, number] = encode(StoredCustomers(customers[number], peppers[number], retired[number]))
    return found


def _handed_contents(state: KeyState) -> dict[tuple[str, int], bytes]:
    """The same of what was handed over to the custodian."""
    rows: dict[int, list[StoredHanded]] = defaultdict(list)
    for (_, epoch), row in sorted(state.handed.rows.items()):
        if (HANDED, epoch // EPOCHS_A_GROUP) in state.touched:
            rows[epoch // EPOCHS_A_GROUP].append(row)
    found = {(HANDED, number): msgspec.msgpack.encode(each) for number, each in rows.items()}
    custodian = state.handed.stored()
    if custodian is not None and (CUSTODIAN, 0) in state.touched:
        found[CUSTODIAN, 0] = msgspec.msgpack.encode(custodian)
    return found


def _trees(state: KeyState) -> list[StoredTree]:
    trees: list[StoredTree] = []
    for (tag, period), it in sorted(state.families.periods.items()):
        root = it.key.root()
        trees.append(StoredTree(tag, period, it.created_ms, root, b"" if root else it.key.packed_parts()))
    return trees


def _groups(state: KeyState) -> list[StoredGroup]:
    return [StoredGroup(kind, number, place) for (kind, number), place in sorted(state.groups.items())]


# Opening


def _from_table(content: bytes, segments: Segments, layout: int) -> KeyState:
    try:
        table = msgspec.msgpack.decode(content, type=StoredTable)
        state = KeyState(KeyFamilies(), segments, layout)
        periods = state.families.periods
        for it in table.trees:
            periods[it.tag, it.period] = Period(_tree(it, segments), it.created_ms)
        _read_groups(state, table.groups)
        state.deletable = list(ids_in(table.superseded))
    except (msgspec.DecodeError, ValueError):
        raise alone(Tampered("not a key state")) from None
    return state


def _tree(stored: StoredTree, segments: Segments) -> PuncturableKey:
    if stored.root:
        return PuncturableKey.from_root(stored.root, segments)
    return PuncturableKey.from_parts(stored.parts, segments)


def _read_groups(state: KeyState, groups: Sequence[StoredGroup]) -> None:
    for it in groups:
        state.groups[it.kind, it.number] = it.place
    known = [it for it in groups if it.kind in _KNOWN]
    opened = state.segments.open_all([it.place for it in known])
    families = state.families
    for it, content in zip(known, opened, strict=True):
        if it.kind == CUSTOMERS:
            _read_customers(families, msgspec.msgpack.decode(content, type=StoredCustomers))
        elif it.kind == CUSTODIAN:
            state.handed.read(msgspec.msgpack.decode(content, type=StoredCustodian))
        elif it.kind == HANDED:
            for row in msgspec.msgpack.decode(content, type=list[StoredHanded]):
                state.handed.rows[row.tag, row.epoch] = row
        else:
            for secret in msgspec.msgpack.decode(content, type=list[StoredSecret]):
                name = (secret.purpose, secret.tag, secret.epoch)
                families.secrets[name] = Key(secret.key, secret.created_ms)
        content[:] = bytes(len(content))


def _read_customers(families: KeyFamilies, stored: StoredCustomers) -> None:
    for customer in stored.customers:
        families.customers[customer.customer] = Key(customer.key, customer.created_ms)
    for pepper in stored.peppers:
        epochs = families.peppers.setdefault((pepper.customer, pepper.purpose), {})
        epochs[pepper.epoch] = Key(pepper.key, pepper.created_ms)
    for it in stored.retired:
        generations = families.retired.setdefault(it.customer, [])
        generations.append(Retired(it.key, it.parts, it.created_ms, it.retired_ms, it.settled))


def _flat_retired(retired: dict[int, list[Retired]]) -> list[StoredRetired]:
    """In order."""
    return [
        StoredRetired(customer, it.value, it.parts, it.created_ms, it.retired_ms, it.settled)
        for customer, generations in sorted(retired.items())
        for it in generations
    ]


def _age(family: str, name: Iterable[object], created_ms: int) -> KeyAge:
    return KeyAge(family=family, name="/".join(map(str, name)), created_ms=created_ms)


def _commitment(root: bytes) -> bytes:
    if len(root) != ROOT_BYTES:
        raise ValueError("a root has 32 bytes")
    return hmac.digest(root, b"connect-gateway root commitment", "sha256")[:16]


def _cipher(root: bytes, salt: bytes) -> tuple[AESGCM, bytes]:
    """The cipher and nonce of one sealing; no key serves twice, since salts do not repeat."""
    material = hmac.digest(root, b"connect-gateway key state" + salt, "sha512")
    return AESGCM(material[:32]), material[32:44]
