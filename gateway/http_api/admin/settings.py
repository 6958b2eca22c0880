"""The settings as the process runs that answers, and in what those that are written are others. No secret is shown."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from config.changes import Change
from config.problems import ConfigError
from config.settings import Settings
from config.shown import shown
from gateway.http_api.admin.declaring import shows
from gateway.http_api.admin.parts import Parts
from gateway.http_api.admin.reload_views import ChangeView, ProblemLine
from gateway.http_api.replies import Reply
from gateway.http_api.routes import Call, Route
from gateway.people.roles import Action


class SettingLine(Struct, frozen=True, kw_only=True):
    """value: null for what is not set; of a secret, `set` or `not set`. live: a reload takes another value over;
    otherwise it needs a restart.
    """

    setting: str
    value: Any
    is_default: bool
    is_secret: bool
    live: bool


class SettingsView(Struct, frozen=True, kw_only=True):
    """differs: what a reload would take over, or what waits for a restart. problems: why they cannot be read now."""

    settings: list[SettingLine]
    differs: list[ChangeView]
    problems: list[ProblemLine]


class SettingsEndpoint:
    """settings, differs: see `Sources`."""

    def __init__(
        self, parts: Parts, settings: Callable[[], Settings], differs: Callable[[], Awaitable[Sequence[Change]]]
    ) -> None:
        self._parts = parts
        self._settings = settings
        self._differs = differs

    async def show(self, call: Call) -> Reply:
        await self._parts.gate.open(call.request, Action.SETTINGS_READ)
        lines = [
            SettingLine(
                setting=each.setting,
                value=each.value,
                is_default=each.is_default,
                is_secret=each.is_secret,
                live=each.live,
            )
            for each in shown(self._settings())
        ]
        changes: Sequence[Change] = ()
        problems: list[ProblemLine] = []
        try:
            changes = await self._differs()
        except ConfigError as error:
            problems = [
                ProblemLine(code=each.code, setting=each.key, file=each.file, line=each.line, message=each.message)
                for each in error.problems
            ]
        differs = [ChangeView(setting=each.setting, what=each.what, live=each.live) for each in changes]
        return self._parts.answer(SettingsView(settings=lines, differs=differs, problems=problems))


def settings_routes(endpoint: SettingsEndpoint) -> list[Route]:
    return [Route("GET", "/admin/v1/settings", endpoint.show, _SHOW)]


_SHOW: Final = shows(
    "show_settings",
    "Show every setting as the node runs that answers, and in what the file differs; of secrets whether they are set.",
    "System",
    Action.SETTINGS_READ,
    SettingsView,
    "The settings.",
)
