"""Which key store and which root slot the settings name, built and not opened yet.

What only some of them need, a client for Redis or for a vault, is imported for those alone: most verbs of the command
line open a key store, and start sooner without.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from config.settings import KeystoreSettings, RootSlotSettings, TransitSettings
from gateway.keystore.followers import OneNode
from gateway.keystore.root_slot import EnvRootSlot, FileRootSlot, RootSlot
from gateway.keystore.store import Keystore
from gateway.process.clock import Clock

if TYPE_CHECKING:
    from gateway.keystore.redis import KeyServer
    from gateway.keystore.transit import WrappedRoots


def keystore(settings: KeystoreSettings, clock: Clock, *, node: bool) -> Keystore:
    """The key store, not opened. node: it holds keys for long, so that destructions wait for it.

    Raises config.secret.SecretMissing.
    """
    if settings.engine == "file":
        return Keystore(Path(settings.path), root_slot(settings.root), clock, OneNode(is_node=node))
    from gateway.keystore.leases import Leases, Onlooker

    server = _key_server(settings)
    followers = Leases(server, clock, settings.redis.lease_s) if node else Onlooker(server)
    return Keystore(server, root_slot(settings.root, server), clock, followers)


def _key_server(settings: KeystoreSettings) -> "KeyServer":
    """Beside a root in a file, which is for one machine, lies a lock for its processes."""
    from gateway.keystore.redis import KeyServer, KeyServerAddress

    said, root = settings.redis, settings.root
    tls = {"ssl_ca_certs": said.tls_ca, "ssl_certfile": said.tls_certificate, "ssl_keyfile": said.tls_key}
    address = KeyServerAddress(
        url=said.url,
        user=said.user,
        password=said.password.resolve(),
        prefix=said.prefix,
        timeout_s=said.timeout_s,
        replicas=said.replicas,
        vouched=said.vouched,
        tls={name: value for name, value in tls.items() if value is not None},
    )
    return KeyServer(address, Path(f"{root.path}.lock") if root.kind == "file" else None)


def root_slot(settings: RootSlotSettings, wrapped: "WrappedRoots | None" = None) -> RootSlot:
    """Where the root of the key store lies. wrapped: where a vault's are, if not in a file.

    Raises config.secret.SecretMissing.
    """
    if settings.kind == "env":
        return EnvRootSlot(settings.env)
    if settings.kind == "transit":
        return _transit_slot(wrapped or Path(settings.path), settings.transit)
    return FileRootSlot(Path(settings.path))


def _transit_slot(wrapped: "WrappedRoots | Path", settings: TransitSettings) -> RootSlot:
    from gateway.keystore.transit import Transit, TransitRootSlot

    vault = Transit(
        url=settings.url,
        token=settings.token.resolve(),
        mount=settings.mount,
        key=settings.key,
        namespace=settings.namespace,
        timeout_s=settings.timeout_s,
    )
    return TransitRootSlot(wrapped, vault)
