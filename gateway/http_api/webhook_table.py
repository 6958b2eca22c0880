"""The routes of customers' own endpoints, each with what its description says."""

from typing import Final

from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.http_api.webhook_views import NewSecretView, TrialView
from gateway.http_api.webhooks import (
    SCOPE,
    OwnWebhookView,
    WebhookChange,
    WebhookEndpoints,
    WebhookList,
    WebhookMade,
    WebhookRequest,
)

TAG: Final = "Webhooks"
_BODY: Final = (
    "malformed_json",
    "not_an_object",
    "body_incomplete",
    "request_timeout",
    "body_too_large",
    "unsupported_media_type",
    "unsupported_encoding",
    "missing_field",
    "unknown_field",
    "wrong_type",
    "empty_field",
    "field_too_long",
    "invalid_value",
    "invalid_url",
)
_ONE: Final = ("not_found", "ledger_unavailable")
_WRITTEN: Final = ("changed_meanwhile", "keys_unavailable")
_ID: Final = Parameter(
    name="id", place="path", schema={"type": "string", "enum": ["1"]}, description="The endpoint's id."
)
_URL: Final = "https://hooks.example.com/sms"


def webhook_routes(webhooks: WebhookEndpoints) -> list[Route]:
    return [
        Route("GET", "/v1/webhooks", webhooks.list_all, _LIST),
        Route("POST", "/v1/webhooks", webhooks.make, _MAKE),
        Route("GET", "/v1/webhooks/{id}", webhooks.show, _SHOW),
        Route("PATCH", "/v1/webhooks/{id}", webhooks.change, _CHANGE),
        Route("DELETE", "/v1/webhooks/{id}", webhooks.remove, _REMOVE),
        Route("POST", "/v1/webhooks/{id}/test", webhooks.try_out, _TEST),
        Route("POST", "/v1/webhooks/{id}/rotate-secret", webhooks.other_secret, _SECRET),
        Route("POST", "/v1/webhooks/{id}/resume", webhooks.resume, _RESUME),
    ]


_LIST: Final = Operation(
    id="list_webhooks",
    summary="List your endpoints: where your events go. There is one at the most.",
    tag=TAG,
    scope=SCOPE,
    answers=(Answer(description="The endpoints.", body=WebhookList),),
    codes=("ledger_unavailable",),
)
_MAKE: Final = Operation(
    id="make_webhook",
    summary="Set an endpoint for your events. Its signing secret is shown this once.",
    tag=TAG,
    scope=SCOPE,
    body=WebhookRequest,
    example={"url": _URL, "events": ["message.delivered", "message.undelivered"]},
    answers=(Answer(status=201, description="The endpoint, enabled.", body=WebhookMade),),
    codes=(*_BODY, *_WRITTEN, "endpoint_exists", "ledger_unavailable"),
)
_SHOW: Final = Operation(
    id="show_webhook",
    summary="Show how an endpoint stands.",
    tag=TAG,
    scope=SCOPE,
    parameters=(_ID,),
    answers=(Answer(description="The endpoint.", body=OwnWebhookView),),
    codes=_ONE,
)
_CHANGE: Final = Operation(
    id="change_webhook",
    summary="Change an endpoint. What is left out stands, the signing secret too.",
    tag=TAG,
    scope=SCOPE,
    parameters=(_ID,),
    body=WebhookChange,
    example={"events": None, "batch": 100},
    answers=(Answer(description="The endpoint.", body=OwnWebhookView),),
    codes=(*_BODY, *_ONE, *_WRITTEN),
)
_REMOVE: Final = Operation(
    id="remove_webhook",
    summary="Remove an endpoint. What waits for it is not sent any more.",
    tag=TAG,
    scope=SCOPE,
    parameters=(_ID,),
    answers=(Answer(status=204, description="There is none any more."),),
    codes=_ONE,
)
_TEST: Final = Operation(
    id="test_webhook",
    summary="Send an endpoint one signed `gateway.test` event, and say what it answered.",
    tag=TAG,
    scope=SCOPE,
    parameters=(_ID,),
    answers=(Answer(description="What was answered.", body=TrialView),),
    codes=(*_ONE, "no_endpoint"),
)
_SECRET: Final = Operation(
    id="rotate_webhook_secret",
    summary="Make another signing secret; the one of before signs beside it for a day.",
    tag=TAG,
    scope=SCOPE,
    parameters=(_ID,),
    answers=(Answer(status=201, description="The secret, shown this once.", body=NewSecretView),),
    codes=(*_ONE, *_WRITTEN),
)
_RESUME: Final = Operation(
    id="resume_webhook",
    summary="Try an endpoint at once with everything that waits for it; enabled, if it was disabled.",
    tag=TAG,
    scope=SCOPE,
    parameters=(_ID,),
    answers=(Answer(description="The endpoint.", body=OwnWebhookView),),
    codes=(*_ONE, *_WRITTEN),
)
