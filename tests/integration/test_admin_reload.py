"""A reload that the admin API asks for: what was taken over, what is wrong, and what needs a restart."""

from pathlib import Path

from gateway.people.roles import Action
from tests.integration.admin_stage import running_admin


async def test_a_reload_names_what_was_taken_over_or_why_nothing_was(tmp_path: Path) -> None:
    async with running_admin(tmp_path) as admin:
        headers = await admin.token(Action.SETTINGS_RELOAD)
        file = tmp_path / "gateway.toml"
        text = file.read_text("utf-8")
        file.write_text(text + '[log]\nlevel = "warning"\n', "utf-8")
        status, told, _ = await admin.ask("POST", "/admin/v1/reload/look", headers=headers)
        changed = [{"setting": "log.level", "what": "changed", "live": True}]
        assert (status, [each["changes"] for each in told["processes"]]) == (200, [changed])
        assert not await admin.entries("settings.reload")
        status, told, _ = await admin.ask("POST", "/admin/v1/reload", headers=headers)
        (process,) = told["processes"]
        assert (status, told["applied"], process["state"], process["changes"]) == (200, True, "applied", changed)
        entries = await admin.entries("settings.reload")
        assert [each["res"] for each in entries] == ["intent", "ok"]
        assert {each["actor"]["kind"] for each in entries} == {"token"}
        file.write_text(text.replace("[admin]", '[admin]\nhost = "127.0.0.2"'), "utf-8")
        status, told, _ = await admin.ask("POST", "/admin/v1/reload", headers=headers)
        (process,) = told["processes"]
        assert (status, told["applied"], process["state"]) == (409, False, "refused")
        assert {(each["code"], each["setting"]) for each in process["problems"]} >= {("restart_needed", "admin.host")}
        file.write_text(text + "nonsense", "utf-8")
        status, told, _ = await admin.ask("POST", "/admin/v1/reload", headers=headers)
        assert (status, told["applied"], len(told["processes"][0]["problems"])) == (409, False, 1)
