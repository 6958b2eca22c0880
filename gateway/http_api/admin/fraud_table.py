"""The routes of controls against abuse, each with what its description says."""

from typing import Final

from gateway.http_api.admin.fraud import BlocksView, FraudEndpoints, FraudReportView
from gateway.http_api.admin.parts import WHY, Parts
from gateway.http_api.admin.views import Because
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.ledger.roles import Ledger
from gateway.people.roles import Action


def fraud_routes(parts: Parts, ledger: Ledger) -> list[Route]:
    fraud = FraudEndpoints(parts, ledger)
    return [
        Route("GET", "/admin/v1/fraud/blocks", fraud.blocks, _BLOCKS),
        Route("POST", "/admin/v1/fraud/blocks/{id}/release", fraud.release, _RELEASE),
        Route("GET", "/admin/v1/fraud/report", fraud.report, _REPORT),
    ]


_BLOCKS: Final = Operation(
    id="list_fraud_blocks",
    summary="List ranges of numbers that are blocked, or would be where the control is only watched.",
    tag="Abuse",
    scope=Action.FRAUD_READ,
    answers=(Answer(description="Those that hold.", body=BlocksView),),
    codes=("ledger_unavailable",),
)
_RELEASE: Final = Operation(
    id="release_fraud_block",
    summary="Let a range go; it is not blocked again for a day. The process that blocked it does so within seconds.",
    tag="Abuse",
    scope=Action.FRAUD_CHANGE,
    parameters=(
        Parameter(name="id", place="path", schema={"type": "string"}, description="The block's id, `block_...`."),
    ),
    body=Because,
    example={"reason": "ticket 4711"},
    is_body_needed=False,
    answers=(Answer(description="Those that still hold.", body=BlocksView),),
    codes=(*WHY, "not_found", "changed_meanwhile", "ledger_unavailable"),
)
_REPORT: Final = Operation(
    id="show_fraud_report",
    summary="Say what controls refused in seven days, and what they would have refused where they are only watched.",
    tag="Abuse",
    scope=Action.FRAUD_READ,
    answers=(Answer(description="By customer and control.", body=FraudReportView),),
    codes=("ledger_unavailable",),
)
