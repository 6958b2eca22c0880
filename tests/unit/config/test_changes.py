"""Settings that differ are named, each with whether a running node takes it over."""

from collections.abc import Iterator
from typing import Any

import msgspec
import msgspec.inspect as mi
import pytest

from config.changes import Change, changes
from config.expected import choices, may_be_unset
from config.operators import LoopbackOperatorSettings, RouteSettings, SmppOperatorSettings
from config.reload import Reload, reload_of
from config.secret import SecretRef
from config.settings import FacadeSettings, HttpSettings, LogSettings, OpenDsrSettings, Settings

RESTART = [
    "http.host",
    "http.port",
    "http.shared_port",
    "http.tls_terminated_upstream",
    "http.trusted_proxies",
    *(f"http.facades.{name}" for name in FacadeSettings.__struct_fields__),
    *(f"http.opendsr.{name}" for name in OpenDsrSettings.__struct_fields__),
    "smpp_server.host",
    "smpp_server.port",
    "smpp_server.shared_port",
    "smpp_server.tunnel",
    "smpp_server.trusted_proxies",
    "webhooks.allow_loopback",
    "webhooks.plain_hosts",
    "log.format",
]
"""In sections of which the rest is live; what stands in no such section needs a restart altogether."""
REPLACED = ["http.tls_certificate", "http.tls_key", "smpp_server.tls_certificate", "smpp_server.tls_key"]
LIVE = ("http", "smpp_server", "dispatch", "webhooks", "messages", "rules", "sweeper", "privacy", "log")


def leaves(settings: msgspec.Struct, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], mi.Field]]:
    """Every setting that is no table of settings and no list of them."""
    node = mi.type_info(type(settings))
    assert isinstance(node, mi.StructType)
    for field in node.fields:
        value = getattr(settings, field.name)
        if isinstance(value, msgspec.Struct) and not isinstance(value, SecretRef):
            yield from leaves(value, (*path, field.name))
        elif field.name not in ("operators", "routes", "retention", "providers"):
            yield (*path, field.name), field


def another(value: object, field: mi.Field) -> object:
    node = choices(field.type)[0]
    if isinstance(node, mi.LiteralType):
        return next(each for each in node.values if each != value)
    if value is None:
        return "/another" if isinstance(node, mi.StrType) else 7
    if isinstance(value, SecretRef):
        return SecretRef(env="ANOTHER")
    if isinstance(value, bool):
        return not value
    return {int: 77, float: 77.5, str: "another", tuple: (b"another",)}[type(value)]


def changed(settings: msgspec.Struct, path: tuple[str, ...], field: mi.Field) -> msgspec.Struct:
    inner: Any = getattr(settings, path[0])
    value = another(inner, field) if len(path) == 1 else changed(inner, path[1:], field)
    return msgspec.structs.replace(settings, **{path[0]: value})


@pytest.mark.parametrize("path", [".".join(path) for path, _ in leaves(Settings())])
def test_every_setting_is_named_and_is_live_or_needs_a_restart(path: str) -> None:
    (field,) = (field for each, field in leaves(Settings()) if ".".join(each) == path)
    after = changed(Settings(), tuple(path.split(".")), field)
    assert isinstance(after, Settings)
    is_live = path.split(".")[0] in LIVE and path not in RESTART and path not in REPLACED
    assert changes(Settings(), after) == (Change(setting=path, live=is_live),)


@pytest.mark.parametrize("path", REPLACED)
def test_files_of_a_listener_may_be_other_ones_while_it_speaks_tls(path: str) -> None:
    section, key = path.split(".")
    first, second = (
        msgspec.structs.replace(
            Settings(), **{section: msgspec.structs.replace(getattr(Settings(), section), **{key: name})}
        )
        for name in ("/a", "/b")
    )
    assert changes(first, second) == (Change(setting=path, live=True),)
    assert changes(first, Settings()) == (Change(setting=path, live=False),)


def test_whatever_is_switched_on_and_off_by_being_set_is_declared_so() -> None:
    fields = {".".join(path): field for path, field in leaves(Settings())}
    for path in REPLACED:
        assert may_be_unset(fields[path].type)
        assert reload_of(fields[path].type) is Reload.REPLACED


def test_operators_are_known_by_name_and_routes_by_place() -> None:
    north, south = (SmppOperatorSettings(name=name, host="smsc.test") for name in ("north", "south"))
    before = Settings(operators=(north, south), routes=(RouteSettings(operators=("north",)),))
    after = Settings(
        operators=(
            LoopbackOperatorSettings(name="east"),
            msgspec.structs.replace(north, window=5, tls=msgspec.structs.replace(north.tls, enabled=True)),
        ),
        routes=(RouteSettings(operators=("east",)), RouteSettings(prefix="966")),
    )
    assert [(each.setting, each.what) for each in changes(before, after)] == [
        ("operators[north].window", "changed"),
        ("operators[north].tls.enabled", "changed"),
        ("operators[south]", "removed"),
        ("operators[east]", "added"),
        ("routes[0].operators", "changed"),
        ("routes[1]", "added"),
    ]
    assert all(each.live for each in changes(before, after))
    assert not changes(before, msgspec.structs.replace(before, operators=(south, north)))


def test_an_operator_of_another_kind_and_another_place_of_a_secret_are_named_without_values() -> None:
    before = Settings(operators=(SmppOperatorSettings(name="north"), SmppOperatorSettings(name="south")))
    after = Settings(
        operators=(
            LoopbackOperatorSettings(name="north"),
            SmppOperatorSettings(name="south", password=SecretRef(env="HUSH")),
        )
    )
    assert [each.setting for each in changes(before, after)] == ["operators[north].kind", "operators[south].password"]
    assert "HUSH" not in repr(changes(before, after))


def test_another_retention_rule_needs_a_restart() -> None:
    first = Settings().retention[0]
    after = msgspec.structs.replace(
        Settings(), retention=(msgspec.structs.replace(first, record_s=first.record_s + 1), *Settings().retention[1:])
    )
    assert changes(Settings(), after) == (Change(setting=f"retention[{first.tag}].record_s", live=False),)


def test_what_is_the_same_is_no_change() -> None:
    said = Settings(http=HttpSettings(port=1), log=LogSettings(level="error"))
    assert changes(said, Settings(http=HttpSettings(port=1), log=LogSettings(level="error"))) == ()
