"""The command line, `connect-gateway`: typer verbs over the same API that the node uses.

Every verb has `--json`. What goes wrong is one clear line with a code on standard error and exit code 1; wrong usage is
2. Secrets are printed once, where they are made, and never again. What a verb needs is imported when it is called.
"""

import importlib
import sys
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

VERBS: Final = {
    "serve": ("gateway.cli.serve", "Run a gateway node until SIGTERM; then drain and exit 0."),
    "check": ("gateway.cli.check", "Check the settings, and that the secrets are there, without starting anything."),
    "reload": (
        "gateway.cli.reload",
        "Have every node and worker read its settings again: all take over what changed, or none does.",
    ),
    "demo": (
        "gateway.cli.demo",
        "Watch real messages go through a real gateway to a simulated SMSC and come back as delivered.",
    ),
    "leakscan": (
        "gateway.cli.leakscan",
        "Search for known values in every form they could lie in, after finding planted ones. Exit code 1 on a find.",
    ),
    "customer": ("gateway.cli.customers", "Customers and their senders."),
    "key": ("gateway.cli.api_keys", "API keys."),
    "esme": ("gateway.cli.esmes", "Accounts that bind over SMPP."),
    "sender": ("gateway.cli.senders", "The register of senders: where each may be used."),
    "fraud": ("gateway.cli.frauds", "Controls against abuse."),
    "rules": ("gateway.cli.rules", "Messaging rules: packs, and what they say of a message."),
    "number": ("gateway.cli.numbers", "Numbers to which people write, and whose they are."),
    "consent": ("gateway.cli.consents", "Consents: what people permitted, and its proof."),
    "suppression": ("gateway.cli.suppressions", "Suppressions: what people stopped."),
    "operator": ("gateway.cli.operators", "Links to operators: state, pause, throughput."),
    "node": ("gateway.cli.nodes", "Nodes and workers."),
    "accepting": (
        "gateway.cli.accepting",
        "Whether any node takes messages: `off` answers 503 `paused`, over SMPP ESME_RTHROTTLED, within a second.",
    ),
    "dispatch": (
        "gateway.cli.dispatch",
        "Whether any node sends messages: `off` takes and keeps them, within a second; validity goes on.",
    ),
    "person": ("gateway.cli.people", "People who administer."),
    "token": ("gateway.cli.tokens", "Tokens of machines that administer."),
    "case": ("gateway.cli.cases", "What people ask for, complaints, breaches, with their clocks."),
    "ticket": ("gateway.cli.tickets", "The support desk: tickets of customers and of the platform."),
    "breach": ("gateway.cli.breaches", "Breaches: estimate, notices, clock of 72 hours."),
    "disclosure": ("gateway.cli.disclosures", "What authorities are given, and its register."),
    "hold": ("gateway.cli.holds", "What must not be destroyed yet."),
    "subject": ("gateway.cli.subjects", "People whom customers write to."),
    "message": ("gateway.cli.messages", "What became of messages."),
    "route": ("gateway.cli.routes", "Which way messages go."),
    "usage": ("gateway.cli.usage", "What a customer sent: accepted, and by operator how it ended."),
    "balance": ("gateway.cli.balances", "Customers who pay in advance."),
    "quota": ("gateway.cli.quotas", "Customers' quotas by day and month."),
    "webhook": ("gateway.cli.webhooks", "Customers' endpoints."),
    "task": ("gateway.cli.tasks", "Work in the background: show, cancel."),
    "retention": ("gateway.cli.retention", "What is forgotten, and when."),
    "privacy": ("gateway.cli.privacy", "What shows that the promises to people are kept."),
    "notice": ("gateway.cli.notices", "What people are told of the processing, in versions."),
    "assess": (
        "gateway.cli.assess",
        "Search for leaks, restore copies and destroy their keys, and write down how it went. Exit code 1 on a fault.",
    ),
    "keys": ("gateway.cli.keystore", "Keys: ages, rotation, copies."),
    "custodian": (
        "gateway.cli.custodian",
        "Who finds people in records whose content is dead: the custodian's own verbs, and the gateway's.",
    ),
    "ledger": ("gateway.cli.ledger", "The ledger as a whole."),
    "audit": ("gateway.cli.audit", "The audit log: who did what."),
    "clock": ("gateway.cli.clock", "Whether the system's clock goes as it should."),
    "begin-anew": (
        "gateway.cli.begin_anew",
        "Begin a new installation where ledger, key store or root was lost, with all nodes stopped.",
    ),
    "simulate": ("gateway.cli.simulate", "Peers to try things with."),
}
"""By name: the module whose `app` it is, and what the list of all verbs says of it."""


def verb(name: str) -> TyperCommand | TyperGroup:
    """The verb, or group of verbs, with all that it needs."""
    module, _ = VERBS[name]
    command: TyperCommand | TyperGroup = typer.main.get_command(importlib.import_module(module).app)  # type: ignore[assignment]
    command.name = name
    return command


class Verbs(TyperGroup):
    """Names and lines, which is all that help and a mistyped verb need; the verb that is called is imported."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=line) for name, (_, line) in VERBS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, _, rest = super().resolve_command(ctx, args)
        return name, None if name is None else verb(name), rest


app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A gateway for messages that forgets on time.",
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from gateway.process.version import build, version  # as with verbs: only where it is needed

        print(f"connect-gateway {version()} ({build()})")  # noqa: T201
        raise typer.Exit


@app.callback()
def whole(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print version and build.")
    ] = False,
) -> None:
    """A gateway for messages that forgets on time."""
    if context.obj is not None:
        context.obj()


def _prepare() -> None:
    """Logs go to standard error: standard output is for what was asked. `serve` sets its own."""
    from gateway.process.logs import configure

    configure("warning")


def main() -> None:
    """Run the command line."""
    try:
        app(obj=_prepare)  # called before a verb, and for no help
    except Exception as error:
        from gateway.cli.failures import lines

        for line in lines(error):
            print(f"connect-gateway: {line}", file=sys.stderr)  # noqa: T201
        raise SystemExit(1) from None
