"""Everything that may be set, with its default, its unit and one line of meaning.

Units end names: `_s` seconds, `_bytes` octets. The loader builds these types from files and the environment, and
`config.reference` renders `docs/settings.md` from them, so what a field says here is what its user reads.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from config.audit import AuditSettings
from config.operators import (
    EgressSettings,
    OperatorRegister,
    OperatorSettings,
    RouteSettings,
    TlsSettings,
)
from config.pages import PagesSettings
from config.portability import PortabilitySettings
from config.privacy import PlaceSettings, PrivacySettings, ProviderSettings
from config.redis_ledger import RedisSettings
from config.reload import LIVE, REPLACED, RESTART
from config.retention import DEFAULT_RETENTION, RetentionSettings
from config.rights import RightsSettings
from config.rule_settings import RulesSettings
from config.secret import SecretRef
from config.smpp_server import SmppServerSettings
from config.tracing import TracingSettings

__all__ = [
    "AuditSettings",
    "DispatchSettings",
    "EgressSettings",
    "HttpSettings",
    "KeyServerSettings",
    "KeystoreSettings",
    "LedgerSettings",
    "LogSettings",
    "MemorySettings",
    "MessageSettings",
    "MetricsSettings",
    "NodeSettings",
    "OpenDsrSettings",
    "OperatorRegister",
    "OperatorSettings",
    "PagesSettings",
    "PasskeySettings",
    "PlaceSettings",
    "PrivacySettings",
    "ProviderSettings",
    "RedisSettings",
    "RetentionSettings",
    "RightsSettings",
    "RootSlotSettings",
    "RouteSettings",
    "RulesSettings",
    "SecretRef",
    "Settings",
    "ShutdownSettings",
    "SmppServerSettings",
    "SweeperSettings",
    "TlsSettings",
    "TransitSettings",
    "WebhookSettings",
    "WorkersSettings",
]

_HOUR_S = 3_600.0
_Path = Annotated[str, Meta(min_length=1)]
_Seconds = Annotated[float, Meta(gt=0)]


class FacadeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other products' APIs that are spoken here, so that programs written for them work unchanged."""

    kannel: Annotated[
        bool, Meta(description="Kannel's `/cgi-bin/sendsms`, `/status`, `/store-status`.", extra=RESTART)
    ] = False
    jasmin: Annotated[bool, Meta(description="Jasmin's `/send`, `/rate`, `/balance`, `/secure/…`.", extra=RESTART)] = (
        False
    )
    twilio: Annotated[bool, Meta(description="Twilio's `/2010-04-01/Accounts/…/Messages`.", extra=RESTART)] = False
    unifonic: Annotated[bool, Meta(description="Unifonic's `/rest/SMS/messages` and its kin.", extra=RESTART)] = False
    taqnyat: Annotated[
        bool, Meta(description="Taqnyat's `/v1/messages` under `/taqnyat`, and for its tokens without.", extra=RESTART)
    ] = False
    msegat: Annotated[bool, Meta(description="Msegat's `/gw/sendsms.php`.", extra=RESTART)] = False
    opendsr: Annotated[
        bool, Meta(description="OpenDSR under `/opendsr`: requests of people, by controllers.", extra=RESTART)
    ] = False


class OpenDsrSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What OpenDSR's answers are signed with, and how long a request may be taken back."""

    domain: Annotated[
        Annotated[str, Meta(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=253)] | None,
        Meta(description="Under which controllers ask, as the certificate has it.", extra=RESTART),
    ] = None
    certificate: Annotated[
        _Path | None, Meta(description="PEM file of the certificate for this domain.", extra=RESTART)
    ] = None
    key: Annotated[
        _Path | None, Meta(description="PEM file of its private key: RSA or elliptic curves.", extra=RESTART)
    ] = None
    wait_s: Annotated[
        float,
        Meta(ge=0, le=604_800, description="So long an erasure waits, and can be taken back.", extra=RESTART),
    ] = 300.0


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The listener of the HTTP API."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.", extra=RESTART)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="TCP port; 0 lets the system choose.", extra=RESTART)] = 8080
    shared_port: Annotated[
        bool,
        Meta(description="Other processes of this user listen there too; `serve --workers` sets it.", extra=RESTART),
    ] = False
    tls_certificate: Annotated[
        _Path | None, Meta(description="PEM file of the certificate and its chain.", extra=REPLACED)
    ] = None
    tls_key: Annotated[_Path | None, Meta(description="PEM file of the certificate's private key.", extra=REPLACED)] = (
        None
    )
    tls_terminated_upstream: Annotated[
        bool,
        Meta(description="A proxy in front speaks TLS; allows plain HTTP on a public address (P-24).", extra=RESTART),
    ] = False
    max_body_bytes: Annotated[int, Meta(ge=1024, description="Largest body of a request; larger is 413.")] = 65_536
    max_batch_body_bytes: Annotated[int, Meta(ge=1024, description="Largest body of a batch.")] = 4_194_304
    max_batch: Annotated[int, Meta(ge=1, le=10_000, description="Most messages in a batch.")] = 1000
    read_timeout_s: Annotated[float, Meta(gt=0, description="Time in which a request must have arrived.")] = 10.0
    idle_s: Annotated[
        float,
        Meta(gt=0, le=86_400, description="A quiet connection ends after it; a balancer in front has less."),
    ] = 75.0
    max_connections: Annotated[
        int, Meta(ge=1, description="Open connections; idle ones end for newcomers, more are told 503.")
    ] = 2000
    max_connections_per_address: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Open connections of one address, or of one IPv6 /64; absent half of `max_connections`."),
    ] = None
    max_inflight: Annotated[
        int, Meta(ge=1, description="Submissions that wait for their commit; more are answered 503.")
    ] = 5000
    trusted_proxies: Annotated[
        tuple[str, ...], Meta(description="Addresses or networks whose `X-Forwarded-For` is believed.", extra=RESTART)
    ] = ()
    facades: FacadeSettings = FacadeSettings()
    opendsr: OpenDsrSettings = OpenDsrSettings()


class MetricsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The listener of the metrics."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="TCP port; 0 lets the system choose.")] = 9090
    enabled: Annotated[bool, Meta(description="Serve metrics at all.")] = True
    tls_terminated_upstream: Annotated[
        bool, Meta(description="A proxy in front speaks TLS; allows plain HTTP on a public address (P-24).")
    ] = False


class PasskeySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Signing in with passkeys (WebAuthn)."""

    origin: Annotated[
        Annotated[str, Meta(pattern=r"^(https://[a-z0-9.-]+|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?$")] | None,
        Meta(
            description="Where browsers find the console, such as `https://console.example.sa`; its host names the"
            " passkeys, which serve under no other one. Unset, there are no passkeys."
        ),
    ] = None
    name: Annotated[
        str, Meta(min_length=1, max_length=64, description="What authenticators call this installation.")
    ] = "Connect Gateway"


class AdminSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The listener of the platform's own API. People are made by the command line; without a port there is none."""

    host: Annotated[str, Meta(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[
        Annotated[int, Meta(ge=0, le=65535)] | None,
        Meta(description="TCP port; 0 lets the system choose, unset is no listener."),
    ] = None
    tls_certificate: Annotated[
        str | None, Meta(description="PEM chain; with `tls_key` the listener speaks TLS 1.2 or newer.")
    ] = None
    tls_key: Annotated[str | None, Meta(description="PEM private key, not encrypted, of the certificate.")] = None
    tls_terminated_upstream: Annotated[
        bool, Meta(description="A proxy in front speaks TLS; allows plain HTTP on a public address (P-24).")
    ] = False
    small_cells: Annotated[
        int,
        Meta(
            ge=0, le=1_000, description="Usage of fewer messages is hidden from who may not see small cells; 0: none."
        ),
    ] = 10
    passkeys: Annotated[PasskeySettings, Meta(description="Passkeys.")] = PasskeySettings()


class LedgerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The store of messages."""

    engine: Annotated[
        Literal["sqlite", "redis"],
        Meta(description="`sqlite` keeps it in a file, for one node; `redis` on a server that nodes share."),
    ] = "sqlite"
    path: Annotated[str, Meta(min_length=1, description="Database file.")] = "data/ledger.db"
    synchronous: Annotated[
        Literal["full", "normal"],
        Meta(description="`full` syncs every commit; `normal` may lose the last ones if the machine loses power."),
    ] = "full"
    commit_on_loop_ms: Annotated[
        float,
        Meta(
            ge=0,
            description="While commits take less than this on average they are waited for on the event loop, which is"
            " cheaper; a slower disk gets a thread, as it always does with 0.",
        ),
    ] = 1.5
    commit_interval_ms: Annotated[
        float,
        Meta(
            ge=0,
            description="Commits of several writes begin at least so far apart while few wait: at part load fewer"
            " commits, which take less CPU and write less, for up to so many milliseconds more until the answer. Not"
            " where senders would send less for it.",
        ),
    ] = 4
    writer: Annotated[
        Literal["auto", "process", "loop"],
        Meta(
            description="Who writes the file: a `process` beside the gateway's, or the gateway's event `loop`."
            " A process brings more messages a second where hundreds are in flight, for a second core, 30 MB and, with"
            " few in flight, up to a tenth more CPU. Where there are two cores `auto` takes one once commits"
            " have been large, or most came over SMPP, for a while."
        ),
    ] = "auto"
    batch_limit: Annotated[int, Meta(ge=1, description="Most writes in one commit.")] = 512
    queue_limit: Annotated[int, Meta(ge=1, description="Writes that wait for a commit; more are refused.")] = 20_000
    redis: Annotated[RedisSettings, Meta(description="The shared ledger.")] = RedisSettings()


class TransitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Vault or OpenBao whose transit engine wraps the root; the file of the slot then holds it wrapped."""

    url: Annotated[str, Meta(description="Address of the vault; `http` to this machine only.")] = ""
    mount: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_./-]+$", description="Where the transit engine is mounted.")] = (
        "transit"
    )
    key: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]+$", description="Name of the transit key; made if missing.")] = (
        "connect-gateway"
    )
    namespace: Annotated[str, Meta(description="Namespace of the vault, if it has any.")] = ""
    token: Annotated[SecretRef, Meta(description="Token that may use, rotate, configure and trim the key.")] = (
        SecretRef()
    )
    timeout_s: Annotated[float, Meta(gt=0, description="Time for one call.")] = 5


class RootSlotSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The place of the root under which the key store is sealed."""

    kind: Annotated[
        Literal["file", "env", "transit"],
        Meta(description="A file, an environment variable, or a file that a vault's transit engine unwraps."),
    ] = "file"
    path: Annotated[str, Meta(min_length=1, description="File of the root, in a directory of its own.")] = (
        "data-root/root.key"
    )
    env: Annotated[str, Meta(description="Environment variable of the root, for kind `env`.")] = ""
    transit: Annotated[TransitSettings, Meta(description="The vault, for kind `transit`.")] = TransitSettings()


class KeyServerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Redis or Valkey that keeps the keys and nothing else, for nodes that share them."""

    url: Annotated[str, Meta(description="`rediss://host:port/database`; `redis` to this machine, or `tunnel`.")] = ""
    user: Annotated[str, Meta(description="ACL user; empty means the default user.")] = ""
    password: Annotated[SecretRef, Meta(description="Password of the user.")] = SecretRef()
    tls_ca: Annotated[_Path | None, Meta(description="Private CA; unset trusts those of the system.")] = None
    tls_certificate: Annotated[_Path | None, Meta(description="Client certificate, with its chain.")] = None
    tls_key: Annotated[_Path | None, Meta(description="Private key of the client certificate.")] = None
    tunnel: Annotated[bool, Meta(description="The way there is private; allows `redis` to another machine.")] = False
    prefix: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]+$", description="First part of its keys' names.")] = (
        "connect-gateway"
    )
    timeout_s: Annotated[float, Meta(gt=0, description="Time for one call.")] = 2
    lease_s: Annotated[
        float,
        Meta(ge=2, description="A node that has not reached the store for so long lets go of its keys."),
    ] = 10
    replicas: Annotated[int, Meta(ge=0, description="Replicas that must have a change before it counts.")] = 0
    vouched: Annotated[
        bool, Meta(description="The server does not show its settings; you vouch that it keeps every write.")
    ] = False


class KeystoreSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The store of keys, never part of a backup of the ledger."""

    engine: Annotated[
        Literal["file", "redis"], Meta(description="A file for one machine, or a Redis of its own for many.")
    ] = "file"
    path: Annotated[str, Meta(min_length=1, description="Database file, outside the ledger's directory.")] = (
        "data-keys/keys.db"
    )
    redis: Annotated[KeyServerSettings, Meta(description="The server, for engine `redis`.")] = KeyServerSettings()
    root: Annotated[RootSlotSettings, Meta(description="Root slot.")] = RootSlotSettings()


class DispatchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How messages move from the ledger to the operators."""

    active_per_operator: Annotated[
        int, Meta(ge=1, description="Messages held in memory per operator; the rest wait in the ledger.")
    ] = 4000
    refill_interval_s: Annotated[float, Meta(gt=0, description="Pause between looks into the ledger.")] = 0.25
    retry_first_s: Annotated[float, Meta(gt=0, description="First pause after a transient refusal.")] = 5
    retry_limit_s: Annotated[float, Meta(gt=0, description="Longest pause between attempts.")] = 600
    failover_after_s: Annotated[
        float, Meta(gt=0, description="A message waits so long for a link that is down before the next operator.")
    ] = 15
    circuit_failures: Annotated[
        int,
        Meta(
            ge=1,
            description="An operator's circuit opens after so many throttles, full queues, errors, refusals of the "
            "link and time-outs in a row. One-time codes then go to the next operator of their route at once; it is "
            "probed, and closes its circuit with as many successes.",
        ),
    ] = 20
    circuit_standstill_s: Annotated[
        float,
        Meta(
            gt=0,
            description="The circuit opens as well when messages wait so long and the operator takes none. A one-time "
            "code waits no longer than this for one operator while the next one works, sent or not, even if the "
            "link is down.",
        ),
    ] = 4
    circuit_probe_first_s: Annotated[
        float, Meta(gt=0, description="First pause before an open circuit lets one message through as a probe.")
    ] = 0.5
    circuit_probe_limit_s: Annotated[
        float, Meta(gt=0, description="Longest pause between two probes; the pauses double.")
    ] = 15
    receipt_grace_s: Annotated[
        float,
        Meta(gt=0, description="A submitted message without a receipt ends as `unknown` so long after its validity."),
    ] = 21_600
    max_attempts: Annotated[
        int, Meta(ge=1, description="Attempts per message; its validity usually ends them earlier.")
    ] = 500


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How customers are notified."""

    timeout_s: Annotated[float, Meta(gt=0, description="Time for one call, connect to answer.")] = 10
    max_connections: Annotated[int, Meta(ge=1, description="Open connections to all endpoints.")] = 400
    connections_per_endpoint: Annotated[int, Meta(ge=1, description="Open connections to one endpoint.")] = 32
    retry_schedule_s: Annotated[
        Annotated[tuple[_Seconds, ...], Meta(min_length=1)],
        Meta(description="Pauses after failed calls, one by one; the last one repeats."),
    ] = (5.0, 30.0, 120.0, 600.0, 1800.0, _HOUR_S, 3 * _HOUR_S, 6 * _HOUR_S, 12 * _HOUR_S)
    disable_after_s: Annotated[
        float, Meta(gt=0, description="An endpoint that fails so long without a success is switched off.")
    ] = 72 * _HOUR_S
    allow_loopback: Annotated[
        bool, Meta(description="Allow `http` to this machine, for trials; never in production.", extra=RESTART)
    ] = False
    plain_hosts: Annotated[
        tuple[Annotated[str, Meta(pattern="^[a-z0-9.-]{1,253}$")], ...],
        Meta(
            description="Host names to which façades may report over `http`, for programs that speak nothing else: ids "
            "and statuses go there in clear. Never endpoints.",
            extra=RESTART,
        ),
    ] = ()
    ca_file: Annotated[
        _Path | None, Meta(description="PEM file of authorities to trust in beside those of the system.")
    ] = None
    max_inflight: Annotated[int, Meta(ge=1, description="Events held in memory; the rest wait in the ledger.")] = 2000


class SweeperSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How what is due is forgotten (P-21)."""

    interval_s: Annotated[float, Meta(gt=0, description="Pause between two sweeps.")] = 5
    batch_limit: Annotated[
        int,
        Meta(ge=1, le=10_000, description="Messages of one step, which holds up new messages for about 4 µs each."),
    ] = 128
    messages_per_s: Annotated[
        int,
        Meta(ge=0, description="Pace of the steps over all nodes, so that accepting goes on beside them; 0 sets none."),
    ] = 21_000


class NodeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this node is called by those who run it."""

    name: Annotated[
        Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$")] | None,
        Meta(description="Name in `connect-gateway node`, another one for each node; absent the machine's name."),
    ] = None


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the process says of itself. Nothing personal is ever logged, whatever the level."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Lowest level that is written.")
    ] = "info"
    format: Annotated[
        Literal["auto", "json", "console"],
        Meta(description="`auto` is console on a terminal and JSON elsewhere.", extra=RESTART),
    ] = "auto"


class ShutdownSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the process ends."""

    deadline_s: Annotated[float, Meta(gt=0, description="Time for an orderly stop; what is left is cut off.")] = 20


class WorkersSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The workers of `serve --workers`."""

    liveness_s: Annotated[
        float,
        Meta(ge=1, description="A worker that does not answer the supervisor for so long is killed and restarted."),
    ] = 15


class MemorySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a process still holds of what is over, for whoever can read its memory."""

    horizon_s: Annotated[
        float,
        Meta(
            ge=4,
            le=86_400,
            description="Texts and numbers of finished messages, and destroyed keys, are out of memory by then.",
        ),
    ] = 600


class MessageSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a message may be."""

    default_validity_s: Annotated[int, Meta(ge=1, description="Validity of a message that names none.")] = 86_400
    max_validity_s: Annotated[int, Meta(ge=1, description="Longest validity that may be asked for.")] = 172_800
    otp_validity_s: Annotated[int, Meta(ge=1, description="Validity of a one-time code that names none.")] = 600
    max_segments: Annotated[int, Meta(ge=1, le=255, description="Most segments of one message.")] = 10
    max_schedule_s: Annotated[int, Meta(ge=1, description="How far ahead a message may be scheduled.")] = 30 * 86_400
    default_region: Annotated[
        str, Meta(pattern="^[A-Z]{2}$", description="Region of numbers without country code, ISO 3166 alpha-2.")
    ] = "SA"
    stop_links: Annotated[
        Annotated[str, Meta(pattern=r"^(https://[a-z0-9.-]+|http://(localhost|127\.0\.0\.1))(:[0-9]{1,5})?$")] | None,
        Meta(
            description="Where people find the pages behind `{stop_link}` in texts, such as `https://go.example.sa`;"
            " the HTTP API answers there, under `/s/`. Unset, texts with `{stop_link}` are refused.",
        ),
    ] = None


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Connect Gateway's settings."""

    http: Annotated[HttpSettings, Meta(extra=LIVE)] = HttpSettings()
    smpp_server: Annotated[SmppServerSettings, Meta(extra=LIVE)] = SmppServerSettings()
    metrics: MetricsSettings = MetricsSettings()
    admin: AdminSettings = AdminSettings()
    ledger: LedgerSettings = LedgerSettings()
    keystore: KeystoreSettings = KeystoreSettings()
    dispatch: Annotated[DispatchSettings, Meta(extra=LIVE)] = DispatchSettings()
    webhooks: Annotated[WebhookSettings, Meta(extra=LIVE)] = WebhookSettings()
    messages: Annotated[MessageSettings, Meta(extra=LIVE)] = MessageSettings()
    rules: Annotated[RulesSettings, Meta(extra=LIVE)] = RulesSettings()
    sweeper: Annotated[SweeperSettings, Meta(extra=LIVE)] = SweeperSettings()
    node: NodeSettings = NodeSettings()
    audit: AuditSettings = AuditSettings()
    log: Annotated[LogSettings, Meta(extra=LIVE)] = LogSettings()
    tracing: TracingSettings = TracingSettings()
    portability: PortabilitySettings = PortabilitySettings()
    privacy: Annotated[PrivacySettings, Meta(extra=LIVE)] = PrivacySettings()
    rights: RightsSettings = RightsSettings()
    pages: PagesSettings = PagesSettings()
    providers: Annotated[tuple[ProviderSettings, ...], Meta(extra=LIVE)] = ()
    shutdown: ShutdownSettings = ShutdownSettings()
    workers: WorkersSettings = WorkersSettings()
    memory: MemorySettings = MemorySettings()
    operators: Annotated[tuple[OperatorSettings, ...], Meta(extra=LIVE)] = ()
    routes: Annotated[tuple[RouteSettings, ...], Meta(extra=LIVE)] = ()
    retention: tuple[RetentionSettings, ...] = DEFAULT_RETENTION
