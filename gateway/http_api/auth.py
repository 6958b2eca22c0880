"""Who is asking: a bearer token to a key that may do this, from where it may."""

from collections.abc import Iterable, Sequence
from typing import Final

from aiohttp import web

from gateway.accounts.customers import ApiKey
from gateway.accounts.directory import Directory
from gateway.audit.actor import Actor, ActorKind
from gateway.http_api.proxies import FORWARDED, Forwarded, Proxies, Remote
from gateway.model.refusals import Refusal
from gateway.process.clock import Clock
from gateway.process.logs import logger
from gateway.process.notices import Notices, cut_address
from operators.seated_handler import SeatedHandler
from redaction.errors import KeysWithheld, alone
from redaction.personal import Purpose, Secret

MAX_TOKEN: Final = 128

REASONS: Final = ("none", "scheme", "token", "key_expired", "address_not_allowed", "customer_disabled", "scope_missing")
"""Why a request was not let in: no Authorization, another scheme, no key of ours, or what that key may not do."""
log = logger("gateway.http_api.auth")


def _nowhere() -> str | None:
    return None


def _untold() -> Sequence[str]:
    return ()


class Gatekeeper:
    """trusted_proxies: see `Proxies`. refused: requests not let in, by reason."""

    def __init__(self, directory: Directory, clock: Clock, trusted_proxies: Iterable[str] = ()) -> None:
        self._directory = directory
        self._clock = clock
        self._notices = Notices()
        self._used: set[str] = set()
        self.refused: dict[str, int] = dict.fromkeys(REASONS, 0)
        self._proxies = Proxies(trusted_proxies)

    @property
    def version(self) -> object:
        """Changes when accounts do; until then `identify` gives the same key for the same header."""
        return self._directory.version

    def open(self, request: web.BaseRequest, scope: str) -> ApiKey:
        """The key, if it may do this. Raises Refusal."""
        remote, forwarded = lambda: request.remote, lambda: request.headers.getall(FORWARDED, ())
        key = self.identify(request.headers.get("Authorization", ""), remote, forwarded)
        self.admit(key, scope, remote, forwarded)
        if isinstance(request.protocol, SeatedHandler):
            request.protocol.seat.prove()
        return key

    def open_facade(self, request: web.BaseRequest, login: Secret | None, facade: str, scope: str) -> ApiKey:
        """The key that came to a façade, if it is for it and may do this. login: as the façade reads it, None where
        there was none. Raises Refusal.
        """
        remote, forwarded = lambda: request.remote, lambda: request.headers.getall(FORWARDED, ())
        key = self.let_in(login, facade, scope, remote, forwarded)
        if isinstance(request.protocol, SeatedHandler):
            request.protocol.seat.prove()
        return key

    def let_in(self, login: Secret | None, facade: str, scope: str, remote: Remote, forwarded: Forwarded) -> ApiKey:
        """The same, of either lane. Raises Refusal."""
        if login is None:
            raise self._unknown("none", remote, forwarded)
        key = self._find(login, remote, forwarded)
        self.admit(key, scope, remote, forwarded, facade)
        return key

    def identify(
        self,
        authorization: str,
        remote: Remote = _nowhere,
        forwarded: Forwarded = _untold,
    ) -> ApiKey:
        """Whose key the Authorization header holds, whatever it may do. Raises Refusal."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise self._unknown("scheme" if authorization else "none", remote, forwarded)
        return self._find(Secret(token), remote, forwarded)

    def _find(self, secret: Secret, remote: Remote, forwarded: Forwarded) -> ApiKey:
        token = secret.reveal(Purpose.CREDENTIAL)
        if not 0 < len(token) <= MAX_TOKEN or not token.isascii():
            raise self._unknown("token", remote, forwarded)
        try:
            key = self._directory.find(secret)
        except KeysWithheld:
            raise alone(Refusal("keys_unavailable", retry_after_s=1)) from None
        if key is None:
            raise self._unknown("token", remote, forwarded)
        return key

    def _unknown(self, reason: str, remote: Remote, forwarded: Forwarded) -> Refusal:
        self._note(reason, None, remote, forwarded)
        return Refusal("unauthenticated")

    def _note(
        self,
        reason: str,
        key: ApiKey | None,
        remote: Remote,
        forwarded: Forwarded,
    ) -> None:
        """Count it, and say it, but not more often than once a minute. What was sent as a key is nobody's to read."""
        self.refused[reason] += 1
        customer, account = ("", "") if key is None else (key.customer.public_id, key.prefix)
        address = cut_address(str(self._proxies.address(remote(), forwarded) or ""))
        count = self._notices.count((reason, account, address), self._clock.monotonic())
        if count:
            log.warning("key_refused", reason=reason, customer=customer, account=account, address=address, count=count)

    def admit(
        self,
        key: ApiKey,
        scope: str,
        remote: Remote,
        forwarded: Forwarded,
        facade: str = "",
    ) -> None:
        """Whether the key may do this now, from there. forwarded: X-Forwarded-For headers. facade: at which it came, ""
        for the API of our own. Raises Refusal.
        """
        code = ""
        if key.expires_ms is not None and key.expires_ms <= self._clock.now_ms():
            code = "key_expired"
        elif key.networks and not self._comes_from(key, remote(), forwarded):
            code = "address_not_allowed"
        elif key.customer.disabled:
            code = "customer_disabled"
        elif scope not in key.scopes or (facade not in key.facades if facade else key.facades):
            code = "scope_missing"
        if code:
            self._note(code, key, remote, forwarded)
            raise Refusal(code)
        self._used.add(key.prefix)

    def take_used(self) -> set[str]:
        """Prefixes of keys that were let in since this was called before."""
        used, self._used = self._used, set()
        return used

    def _comes_from(self, key: ApiKey, remote: str | None, forwarded: Forwarded) -> bool:
        address = self._proxies.address(remote, forwarded)
        return address is not None and any(address in network for network in key.networks)


def actor_of(key: ApiKey) -> Actor:
    """As the audit log names who has this key."""
    return Actor(ActorKind.KEY, f"key_{key.prefix}")
