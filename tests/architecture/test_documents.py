"""What the documents say is what there is."""

import ast
import re
import tomllib
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from typer.core import TyperCommand, TyperGroup

from config.loader import load
from config.operators import SmppOperatorSettings
from config.reference import table
from gateway.accounts.esme_profile import EsmeProfile
from gateway.cli import failures
from gateway.cli.main import VERBS, verb
from gateway.model.refusals import KINDS
from gateway.process import system_errors

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def commands() -> dict[str, TyperCommand | TyperGroup]:
    """By the words that call them."""
    found: dict[str, Any] = {}
    for name in VERBS:
        found |= within(name, verb(name))
    return found


def within(name: str, command: Any) -> dict[str, Any]:
    """A verb, or those of a group of verbs, in which there may be groups."""
    inner = getattr(command, "commands", None)
    if not inner:
        return {name: command}
    return {words: each for inside in inner for words, each in within(f"{name} {inside}", inner[inside]).items()}


COMMANDS = commands()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"`connect-gateway {command}" in (DOCS / "commands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented_and_no_other(command: str) -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^## `connect-gateway {command}`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    shown = [each for each in COMMANDS[command].params if not getattr(each, "hidden", False) and each.name != "help"]
    names = {name for each in shown for name in (*each.opts, *each.secondary_opts) if name.startswith("-")}
    names |= {(each.metavar or each.name).upper() for each in shown if each.param_type_name == "argument"}
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    documented = {name for row in rows for cell in re.findall(r"`([^`]+)`", row) for name in cell.split(", ")}
    assert documented == names


def test_no_command_is_documented_that_does_not_exist() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    named = {match.strip() for match in re.findall(r"^## `connect-gateway ([a-z -]+)", text, re.MULTILINE)}
    assert named == COMMANDS.keys()


@pytest.mark.parametrize("code", sorted(KINDS))
def test_every_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in (DOCS / "errors.md").read_text(encoding="utf-8")


def codes_of_the_command_line() -> set[str]:
    """Those that verbs name, and those of errors from below."""
    found = {code for _, code in failures.CODES} | set(system_errors.CODES.values()) | {"system_error", "unexpected"}
    for path in (ROOT / "gateway").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Failed":
                found.add(ast.literal_eval(call.args[1]))
    return found


def test_the_codes_of_the_command_line_are_documented_and_no_others() -> None:
    text = (DOCS / "errors.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^The command line says .*?^(\| code .*?)\n\n", text, re.MULTILINE | re.DOTALL)
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    assert {code for cell in cells for code in re.findall(r"`(\w+)`", cell)} == codes_of_the_command_line()


def test_the_profile_of_an_account_is_documented_as_its_type_has_it() -> None:
    assert table(EsmeProfile) in (DOCS / "smpp.md").read_text(encoding="utf-8")


PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    for target, _, anchor in re.findall(r"\]\((?!\w+:)([^)#]*)(#([^)]+))?\)", page.read_text(encoding="utf-8")):
        file = page.parent / target if target else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), f"{target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as those who show it make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def test_no_file_has_marks_of_a_merge() -> None:
    tracked = [ROOT / each for each in ("README.md", "CHANGELOG.md", "Makefile", "compose.yaml", "pyproject.toml")]
    for folder in ("docs", "config", "gateway", "operators", "redaction", "benchmarks", "tests"):
        tracked += [each for each in (ROOT / folder).rglob("*") if each.suffix in TEXTS]
    marks = re.compile(rb"^(<{7} |={7}$|>{7} )", re.MULTILINE)
    assert [each.relative_to(ROOT) for each in tracked if marks.search(each.read_bytes())] == []


TEXTS = {".md", ".py", ".toml", ".yaml", ".sql", ".lua", ".css"}


def test_the_settings_of_the_readme_load(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (toml,) = re.findall(r"<<'EOF'\n(.*?)EOF", text, re.DOTALL)
    tomllib.loads(toml)
    (tmp_path / "gateway.toml").write_text(toml, encoding="utf-8")
    assert load(tmp_path / "gateway.toml", {}).operators[0].name == "simulator"


def name_of(document: Any) -> str:
    return str(document["metadata"]["name"])


def compose() -> Any:
    return yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))


def kubernetes(kind: str) -> list[Any]:
    text = (ROOT / "config" / "kubernetes.yaml").read_text(encoding="utf-8")
    return [each for each in yaml.safe_load_all(text) if each["kind"] == kind]


def test_containers_of_the_compose_file_have_no_more_rights_than_they_need() -> None:
    services = compose()["services"]
    assert set(services) == {"gateway-1", "gateway-2", "ledger", "keys", "smsc"}
    for name, service in services.items():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert all(each.startswith("127.0.0.1:") for each in service.get("ports", ())), name
    servers = [services["ledger"], services["keys"]]
    assert all(each["user"] == "999:1000" and each["healthcheck"]["test"] for each in servers)
    assert servers[0]["volumes"] != servers[1]["volumes"]
    assert "USER 10001" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("workload", kubernetes("Deployment") + kubernetes("StatefulSet"), ids=name_of)
def test_pods_of_the_kubernetes_example_have_no_more_rights_than_they_need(workload: Any) -> None:
    pod = workload["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    own = container["securityContext"]
    assert (own["readOnlyRootFilesystem"], own["allowPrivilegeEscalation"]) == (True, False)
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert container["readinessProbe"]
    assert {"requests", "limits"} == set(container["resources"])
    assert all("secretKeyRef" in each["valueFrom"] for each in container["env"])


def test_what_the_kubernetes_example_chooses_is_there() -> None:
    labels = [
        each["spec"]["template"]["metadata"]["labels"] for each in kubernetes("Deployment") + kubernetes("StatefulSet")
    ]
    chosen = [each["spec"]["selector"] for each in kubernetes("Service")]
    chosen += [each["spec"]["selector"]["matchLabels"] for each in kubernetes("PodDisruptionBudget")]
    assert len(chosen) == 4
    assert all(each in labels for each in chosen)
    (gateway,) = kubernetes("Deployment")
    (budget,) = kubernetes("PodDisruptionBudget")
    assert budget["spec"]["minAvailable"] < gateway["spec"]["replicas"]
    (container,) = gateway["spec"]["template"]["spec"]["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


PERSISTENT = "--appendonly yes --appendfsync always --save '' --maxmemory-policy noeviction"


def test_the_settings_of_the_compose_file_load() -> None:
    settings = load(ROOT / "config" / "compose", {})
    (operator,) = settings.operators
    assert isinstance(operator, SmppOperatorSettings)
    assert operator.host == "smsc"
    assert (settings.ledger.engine, settings.keystore.engine) == ("redis", "redis")
    services = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    for url in (settings.ledger.redis.url, settings.keystore.redis.url):
        assert f"\n  {urlsplit(url).hostname}:\n    <<: *valkey" in services
    for secret in (operator.password, settings.ledger.redis.password, settings.keystore.redis.password):
        assert f"{secret.env}: ${{" in services
    assert PERSISTENT in services
    assert services.count("<<: *gateway") == 2


def test_the_settings_of_the_kubernetes_example_load(tmp_path: Path) -> None:
    text = (ROOT / "config" / "kubernetes.yaml").read_text(encoding="utf-8")
    for name, toml in re.findall(r"^  (\w+\.toml): \|\n((?:    .*\n|\n)+)", text, re.MULTILINE):
        (tmp_path / name).write_text(dedent(toml), encoding="utf-8")
    settings = load(tmp_path, {})
    (operator,) = settings.operators
    assert isinstance(operator, SmppOperatorSettings)
    assert (operator.name, settings.keystore.root.kind) == ("north", "transit")
    servers = [urlsplit(each).hostname for each in (settings.ledger.redis.url, settings.keystore.redis.url)]
    assert all(f"kind: StatefulSet\nmetadata: {{ name: {each} }}" in text for each in servers)
    assert text.count(PERSISTENT) == len(set(servers)) == 2
    for secret in (operator.password, settings.keystore.root.transit.token):
        assert f"name: {secret.env}, valueFrom" in text


def test_the_files_that_the_map_names_are_there() -> None:
    """Paths within the gateway stand without its name."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", text)
    assert len(named) > 30
    assert [each for each in named if not ((ROOT / each).exists() or (ROOT / "gateway" / each).exists())] == []


def test_the_map_names_every_room() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rooms = {each.name for each in (ROOT / "gateway").iterdir() if (each / "__init__.py").exists()}
    assert rooms == set(re.findall(r"\]\(\.\./gateway/(\w+)/\)", text))


@pytest.mark.case("interfaces-20")
@pytest.mark.parametrize("made", ["data/ledger.db", "data-keys/keys.db", "data-root/root.key", "gateway.toml"])
def test_what_the_steps_of_the_readme_make_is_ignored(made: str) -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert f"/{made.partition('/')[0]}{'/' if '/' in made else ''}" in ignored


@pytest.mark.case("interfaces-25")
@pytest.mark.parametrize("name", ["LICENSE", "SECURITY.md", "CONTRIBUTING.md", "docs/restore.md", "docs/upgrade.md"])
def test_papers_that_people_look_for_are_there_and_named_in_the_readme(name: str) -> None:
    assert (ROOT / name).stat().st_size
    assert f"]({name})" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.case("interfaces-25")
@pytest.mark.parametrize("page", ["README.md", "docs/quickstart.md"])
def test_a_newcomer_can_call_the_program_as_it_is_written(page: str) -> None:
    """It is not on the PATH after `make`."""
    text = (ROOT / page).read_text(encoding="utf-8")
    calls = re.findall(r"^(?:\S*/)?connect-gateway .*$", text, re.MULTILINE)
    assert calls
    assert [each for each in calls if not each.startswith(".venv/bin/")] == []
