"""The routes of tasks and of what is done to customers' endpoints, each with what its description says."""

from collections.abc import Callable
from typing import Final

from gateway.accounts.administration import Accounts
from gateway.audit.actor import Actor
from gateway.http_api.admin.parts import BODY, WHY, Parts
from gateway.http_api.admin.tasks import ReplayRequest, ResumedView, TaskEndpoints, TasksView, TaskView
from gateway.http_api.admin.views import Because
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.ledger.roles import Ledger
from gateway.people.roles import Action

_CUSTOMER: Final = Parameter(
    name="id", place="path", schema={"type": "string"}, description="The customer's id, `cus_...`."
)
_TASK: Final = Parameter(name="id", place="path", schema={"type": "string"}, description="The task's id, `task_...`.")


def task_routes(parts: Parts, ledger: Ledger, accounts: Callable[[Actor], Accounts]) -> list[Route]:
    tasks = TaskEndpoints(parts, ledger, accounts)
    return [
        Route("POST", "/admin/v1/customers/{id}/replay", tasks.replay, _REPLAY),
        Route("POST", "/admin/v1/customers/{id}/resume-webhook", tasks.resume, _RESUME),
        Route("GET", "/admin/v1/tasks", tasks.all, _TASKS),
        Route("GET", "/admin/v1/tasks/{id}", tasks.show, _SHOW),
        Route("POST", "/admin/v1/tasks/{id}/cancel", tasks.cancel, _CANCEL),
    ]


_REPLAY: Final = Operation(
    id="replay_events",
    summary="Make a customer's events of a time anew, as a task, out of what is still stored of its messages.",
    tag="Webhooks",
    scope=Action.WEBHOOK_RESEND,
    parameters=(_CUSTOMER,),
    body=ReplayRequest,
    example={"since": "2026-11-30T00:00:00+03:00", "types": ["message.delivered"]},
    answers=(Answer(status=202, description="The task.", body=TaskView),),
    codes=(*BODY, "not_found", "invalid_value", "too_many_tasks", "ledger_unavailable"),
)
_RESUME: Final = Operation(
    id="resume_webhook",
    summary="Try a customer's endpoint at once with everything that waits for it; enabled, if it was disabled.",
    tag="Webhooks",
    scope=Action.WEBHOOK_RESEND,
    parameters=(_CUSTOMER,),
    body=Because,
    example={"reason": "ticket 4711"},
    is_body_needed=False,
    answers=(Answer(description="It is tried.", body=ResumedView),),
    codes=(*WHY, "not_found", "changed_meanwhile", "ledger_unavailable"),
)
_TASKS: Final = Operation(
    id="list_tasks",
    summary="List tasks; whoever belongs to a customer sees that one's.",
    tag="Webhooks",
    scope=Action.WEBHOOK_READ,
    answers=(Answer(description="They.", body=TasksView),),
    codes=("ledger_unavailable",),
)
_SHOW: Final = Operation(
    id="show_task",
    summary="Say how far a task is.",
    tag="Webhooks",
    scope=Action.WEBHOOK_READ,
    parameters=(_TASK,),
    answers=(Answer(description="It.", body=TaskView),),
    codes=("not_found", "ledger_unavailable"),
)
_CANCEL: Final = Operation(
    id="cancel_task",
    summary="End a task; what it has done stays.",
    tag="Webhooks",
    scope=Action.WEBHOOK_RESEND,
    parameters=(_TASK,),
    body=Because,
    example={"reason": "ticket 4711"},
    is_body_needed=False,
    answers=(Answer(description="It is over.", body=TaskView),),
    codes=(*WHY, "not_found", "ledger_unavailable"),
)
