"""People, their keys and a ledger to keep them in, for tests; and an authenticator that makes real passkeys."""

import base64
import hashlib
import json
import os
import struct
from typing import Any

import cbor2
import pyotp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.audit.actor import COMMAND_LINE
from gateway.audit.entries import read_entry
from gateway.ledger.contract import Document
from gateway.ledger.roles import Acts
from gateway.people.passkeys import RelyingParty
from gateway.people.people import People
from gateway.people.record import Contact, Person
from gateway.people.registry import Registry
from gateway.people.roles import Role
from gateway.people.signing_in import Attempt, Refusal, SignedIn, SigningIn
from gateway.people.signins import Place
from gateway.process.clock import ManualClock
from redaction.keys import PEOPLE, SIGN_IN_DAYS, KeyState
from redaction.personal import MessageText, Purpose, Secret
from redaction.pseudonymise import person_digest
from redaction.seal import Sealer
from tests.unit.gateway.small_acts import SmallActs

PASSWORD = Secret("correct horse battery")
WRONG = Secret("wrong horse, wrong battery")
HOME = Place("198.51.100.23", "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0")
KINDS = ("person", "person_name", "session", "signin", "lock", "challenge", "request", "token")
STATEMENTS: dict[str, Any] = {
    "packed": {"sig": b"signature", "x5c": [b"no certificate"], "alg": -7},
    "tpm": {"sig": b"signature", "x5c": [b""], "alg": -257, "ver": "2.0", "certInfo": bytes(80), "pubArea": bytes(60)},
    "fido-u2f": {"sig": b"signature", "x5c": [b"no certificate"]},
    "android-safetynet": {"ver": "1", "response": 7},
    "apple": {"x5c": [7]},
}
"""Statements of attestation that hold nothing together."""
ORIGIN = "https://console.example.sa"


class StateKeys:
    """Keys of people in a key state in memory."""

    def __init__(self, state: KeyState, clock: ManualClock) -> None:
        self.state = state
        self._clock = clock

    async def ensure_person(self, number: int) -> None:
        self.state.ensure_customer(number, self._clock.random)

    async def forget_person(self, number: int) -> bool:
        return self.state.drop_customer(number)

    def people(self) -> list[int]:
        return [each for each in self.state.customers() if PEOPLE <= each < SIGN_IN_DAYS]

    async def follow(self) -> bool:
        return False

    async def ensure_days(self, day: int) -> None:
        for each in (day, day + 1):
            self.state.ensure_customer(SIGN_IN_DAYS | each, self._clock.random)

    async def forget_days(self, before: int) -> int:
        due = [each for each in self.state.customers() if SIGN_IN_DAYS <= each < SIGN_IN_DAYS | before]
        return sum(map(self.state.drop_customer, due))

    def digest(self, secret: Secret) -> bytes:
        return person_digest(self.state, secret)


class Office:
    """acts: where everything lies; in memory unless another one is given. state: keys that it shares with another."""

    def __init__(
        self, acts: Acts | None = None, clock: ManualClock | None = None, state: KeyState | None = None
    ) -> None:
        self.clock = clock or ManualClock()
        self.state = state or KeyState()
        self.state.ensure_pepper(0, "person", 0, self.clock.random)
        self.acts: Acts = acts or SmallActs()
        self.keys = StateKeys(self.state, self.clock)
        self.sealer = Sealer(self.state, self.clock.random)
        self.registry = Registry(self.acts, self.sealer, self.clock, keys=self.keys)
        self.people = People(self.registry, COMMAND_LINE)
        self.door = SigningIn(self.registry, RelyingParty(ORIGIN))

    async def add(self, name: str, *roles: Role, customer: str = "") -> Person:
        return await self.people.add(contact(name), roles or (Role.SUPPORT,), customer)

    async def add_with_totp(self, name: str, *roles: Role, customer: str = "") -> tuple[Person, str]:
        """With `PASSWORD` and an authenticator; its secret in Base32."""
        person = await self.add(name, *roles, customer=customer)
        await self.people.set_password(person.id, PASSWORD)
        enrolment = await self.people.give_totp(person.id)
        return await self.registry.get(person.id), enrolment.secret.reveal(Purpose.CREDENTIAL)

    def code(self, secret: str, steps: int = 0) -> str:
        """What the authenticator shows."""
        return pyotp.TOTP(secret).at(self.clock.now_ms() // 1000 + 30 * steps)

    async def sign_in(
        self, name: str, code: str = "", *, password: Secret = PASSWORD, place: Place = HOME
    ) -> SignedIn | Refusal:
        return await self.door.by_password(Attempt(Secret(email(name)), password, code, place))

    async def entries(self) -> list[dict[str, Any]]:
        """What the audit log was told, oldest first."""
        return [read_entry(each.octets) for each in await self.acts.pending(10_000)]

    async def documents(self) -> list[Document]:
        """Everything that the ledger holds of people."""
        return [each for kind in KINDS for each in await self.acts.of_kind(kind)]

    async def octets(self) -> bytes:
        """And how it looks there, keys and audit entries included."""
        entries = [each.octets for each in await self.acts.pending(10_000)]
        return b"\n".join([*(f"{each.key} ".encode() + each.octets for each in await self.documents()), *entries])

    async def acts_told(self) -> list[str]:
        return [each["act"] for each in await self.entries()]


def email(name: str) -> str:
    return f"{name.lower()}@example.sa"


def contact(name: str) -> Contact:
    return Contact(name=MessageText(f"{name} Al-Canary"), email=MessageText(email(name)), phone=MessageText("+966501"))


class Authenticator:
    """Keeps passkeys and uses them as the standard says, with attestation "none".

    public: a key to show instead of its own. form: another one of attestation, which it cannot make.
    """

    def __init__(self, origin: str = ORIGIN, *, counts: bool = True, verifies: bool = True) -> None:
        self.origin = origin
        self.id = os.urandom(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.handle = b""
        self.uses = 0
        self.public: Any = None
        self.form = "none"
        self._counts = counts
        self._verifies = verifies

    def create(self, options: str, spoiled: tuple[bytes, object, object, int] | None = None) -> str:
        """As `navigator.credentials.create` answers. spoiled: octets of the public key and what follows it, statement,
        form and flags to say instead of what they should be.
        """
        asked = json.loads(options)
        self.handle = _octets(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        own = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        public = own if self.public is None else self.public
        key, statement, form, more = spoiled or (cbor2.dumps(public), STATEMENTS.get(self.form, {}), self.form, 0x40)
        credential = bytes(16) + struct.pack(">H", len(self.id)) + self.id + key
        data = self._data(asked["rp"]["id"], more) + credential
        attestation = cbor2.dumps({"fmt": form, "attStmt": statement, "authData": data})
        said = self._said("webauthn.create", asked["challenge"])
        response = {"clientDataJSON": _text(said), "attestationObject": _text(attestation)}
        return self._answer(response)

    def get(self, options: str) -> str:
        """As `navigator.credentials.get` answers."""
        asked = json.loads(options)
        self.uses += self._counts
        data = self._data(asked["rpId"], 0)
        said = self._said("webauthn.get", asked["challenge"])
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": _text(said),
            "authenticatorData": _text(data),
            "signature": _text(signature),
            "userHandle": _text(self.handle),
        }
        return self._answer(response)

    def _data(self, party: str, more: int) -> bytes:
        flags = 0x01 | (0x04 if self._verifies else 0) | more
        return hashlib.sha256(party.encode()).digest() + bytes([flags]) + struct.pack(">I", self.uses)

    def _said(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> str:
        return json.dumps({"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response})


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "===")
