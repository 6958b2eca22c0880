"""The routes of signing in by a passkey, and of one's own credentials and sessions, each with its description."""

from typing import Final

from gateway.http_api.admin.own import OwnEndpoints
from gateway.http_api.admin.own_views import (
    AuthenticatorView,
    CodeRequest,
    ContactRequest,
    EndedView,
    NameRequest,
    PasskeyAnswer,
    PasskeyOptions,
    PasskeyRegistration,
    PasskeysView,
    PasskeyView,
    PasswordRequest,
    ProofRequest,
    RecoveryView,
    SessionsView,
)
from gateway.http_api.admin.parts import BODY
from gateway.http_api.admin.sign_in import SignInEndpoints
from gateway.http_api.admin.views import SessionView
from gateway.http_api.routes import Answer, Operation, Parameter, Route
from gateway.people.roles import Action

_KEYS: Final = ("keys_unavailable", "ledger_unavailable")
_CHANGED: Final = ("changed_meanwhile", *_KEYS)
_REFUSED: Final = ("sign_in_refused", "sign_in_locked", "overloaded", *_KEYS)
_SIGNED_IN: Final = ("not_signed_in", "form_token_missing", *_REFUSED)
_CREDENTIAL: Final = {"id": "…", "rawId": "…", "type": "public-key", "response": {}}
_PASSKEY: Final = Parameter(
    name="id", place="path", schema={"type": "string"}, description="The passkey's id, `passkey_...`."
)
_SESSION: Final = Parameter(
    name="id", place="path", schema={"type": "string"}, description="The session's id, `session_...`."
)


def passkey_routes(sign_in: SignInEndpoints) -> list[Route]:
    return [
        Route("POST", "/admin/v1/session/passkey/begin", sign_in.passkey_options, _SIGN_IN_OPTIONS),
        Route("POST", "/admin/v1/session/passkey", sign_in.by_passkey, _SIGN_IN),
        Route("POST", "/admin/v1/session/proof", sign_in.prove, _PROVE),
        Route("POST", "/admin/v1/session/proof/passkey", sign_in.prove_by_passkey, _PROVE_BY_PASSKEY),
    ]


def own_routes(own: OwnEndpoints) -> list[Route]:
    return [
        Route("GET", "/admin/v1/own/passkeys", own.passkeys, _PASSKEYS),
        Route("POST", "/admin/v1/own/passkeys/begin", own.begin_passkey, _BEGIN),
        Route("POST", "/admin/v1/own/passkeys", own.add_passkey, _ADD),
        Route("POST", "/admin/v1/own/passkeys/{id}/name", own.name_passkey, _NAME),
        Route("DELETE", "/admin/v1/own/passkeys/{id}", own.drop_passkey, _DROP),
        Route("POST", "/admin/v1/own/contact", own.correct, _CORRECT),
        Route("POST", "/admin/v1/own/password", own.set_password, _PASSWORD),
        Route("POST", "/admin/v1/own/totp/begin", own.begin_totp, _BEGIN_TOTP),
        Route("POST", "/admin/v1/own/totp", own.confirm_totp, _CONFIRM_TOTP),
        Route("DELETE", "/admin/v1/own/totp", own.drop_totp, _DROP_TOTP),
        Route("GET", "/admin/v1/own/sessions", own.sessions, _SESSIONS),
        Route("POST", "/admin/v1/own/sessions/end-others", own.end_others, _END_OTHERS),
        Route("DELETE", "/admin/v1/own/sessions/{id}", own.end_session, _END_SESSION),
    ]


_SIGN_IN_OPTIONS: Final = Operation(
    id="begin_passkey_sign_in",
    summary="Give what a browser asks its authenticator for. It is the same for everybody, holds for five minutes, "
    "and serves once.",
    tag="Session",
    answers=(Answer(description="For `navigator.credentials.get`.", body=PasskeyOptions),),
    codes=("passkeys_off", "form_token_missing", "keys_unavailable"),
)
_SIGN_IN: Final = Operation(
    id="sign_in_by_passkey",
    summary="Sign in by a passkey, without a name or a password.",
    tag="Session",
    body=PasskeyAnswer,
    example={"credential": _CREDENTIAL},
    answers=(Answer(status=201, description="Signed in.", body=SessionView),),
    codes=(*BODY, "form_token_missing", *_REFUSED),
)
_PROVE: Final = Operation(
    id="prove",
    summary="Prove again who is signed in, by password and code, for what takes a proof of the last five minutes.",
    tag="Session",
    body=ProofRequest,
    example={"password": "…", "code": "123456"},
    answers=(Answer(description="The session, proved afresh.", body=SessionView),),
    codes=(*BODY, *_SIGNED_IN),
)
_PROVE_BY_PASSKEY: Final = Operation(
    id="prove_by_passkey",
    summary="Prove again who is signed in, by a passkey; it is begun as signing in by one.",
    tag="Session",
    body=PasskeyAnswer,
    example={"credential": _CREDENTIAL},
    answers=(Answer(description="The session, proved afresh.", body=SessionView),),
    codes=(*BODY, *_SIGNED_IN),
)
_PASSKEYS: Final = Operation(
    id="list_own_passkeys",
    summary="List one's own passkeys.",
    tag="Own account",
    scope=Action.OWN_READ,
    answers=(Answer(description="They.", body=PasskeysView),),
    codes=_KEYS,
)
_BEGIN: Final = Operation(
    id="begin_own_passkey",
    summary="Give what a browser has its authenticator make a passkey of.",
    tag="Own account",
    scope=Action.OWN_CREDENTIALS,
    answers=(Answer(description="For `navigator.credentials.create`.", body=PasskeyOptions),),
    codes=("passkeys_off", "passkeys_full", *_CHANGED),
)
_ADD: Final = Operation(
    id="add_own_passkey",
    summary="Keep the passkey that an authenticator made. One's other sessions end.",
    tag="Own account",
    scope=Action.OWN_CREDENTIALS,
    body=PasskeyRegistration,
    example={"name": "telephone", "credential": _CREDENTIAL},
    answers=(Answer(status=201, description="The passkey.", body=PasskeyView),),
    codes=(*BODY, "forbidden_character", "passkeys_off", "passkeys_full", "passkey_refused", *_CHANGED),
)
_NAME: Final = Operation(
    id="name_own_passkey",
    summary="Give a passkey another name.",
    tag="Own account",
    scope=Action.OWN_CREDENTIALS,
    parameters=(_PASSKEY,),
    body=NameRequest,
    example={"name": "key on the desk"},
    answers=(Answer(description="The passkey.", body=PasskeyView),),
    codes=(*BODY, "forbidden_character", "invalid_value", "not_found", *_CHANGED),
)
_DROP: Final = Operation(
    id="drop_own_passkey",
    summary="Take a passkey away, unless it is the last second factor. One's other sessions end.",
    tag="Own account",
    scope=Action.OWN_CREDENTIALS,
    parameters=(_PASSKEY,),
    answers=(Answer(status=204, description="It is gone."),),
    codes=("not_found", "last_factor", *_CHANGED),
)
_CORRECT: Final = Operation(
    id="correct_own_contact",
    summary="Correct one's own contact data; what is left out stays. One's history says that it was changed.",
    tag="Session",
    scope=Action.OWN_CORRECT,
    body=ContactRequest,
    example={"name": "Somebody"},
    answers=(Answer(status=204, description="It is corrected."),),
    codes=(*BODY, "invalid_value", *_CHANGED),
)
_PASSWORD: Final = Operation(
    id="set_own_password",
    summary="Set another password. One's other sessions end.",
    tag="Own account",
    scope=Action.OWN_CREDENTIALS,
    body=PasswordRequest,
    example={"password": "…"},
    answers=(Answer(status=204, description="It is set."),),
    codes=(*BODY, "password_weak", *_CHANGED),
)
_BEGIN_TOTP: Final = Operation(
    id="begin_own_totp",
    summary="Give the secret of a new authenticator, which counts once a code of it was shown.",
    tag="Own account",
    scope=Action.OWN_CREDENTIALS,
    answers=(Answer(description="The secret, shown once.", body=AuthenticatorView),),
    codes=_CHANGED,
)
_CONFIRM_TOTP: Final = Operation(
    id="confirm_own_totp",
    summary="Show a code of the new authenticator, which counts from now on. One's other sessions end.",
    tag="Own account",
    scope=Action.OWN_CREDENTIALS,
    body=CodeRequest,
    example={"code": "123456"},
    answers=(Answer(status=201, description="Recovery codes, shown once.", body=RecoveryView),),
    codes=(*BODY, "invalid_value", *_CHANGED),
)
_DROP_TOTP: Final = Operation(
    id="drop_own_totp",
    summary="Take the authenticator and the recovery codes away, unless they are the last second factor.",
    tag="Own account",
    scope=Action.OWN_CREDENTIALS,
    answers=(Answer(status=204, description="They are gone."),),
    codes=("last_factor", *_CHANGED),
)
_SESSIONS: Final = Operation(
    id="list_own_sessions",
    summary="List one's own sessions.",
    tag="Own account",
    scope=Action.OWN_READ,
    answers=(Answer(description="They.", body=SessionsView),),
    codes=_KEYS,
)
_END_OTHERS: Final = Operation(
    id="end_other_sessions",
    summary="End all of one's sessions but the one that asks.",
    tag="Own account",
    scope=Action.OWN_SESSION_END,
    answers=(Answer(description="How many.", body=EndedView),),
    codes=_KEYS,
)
_END_SESSION: Final = Operation(
    id="end_own_session",
    summary="End another one of one's sessions.",
    tag="Own account",
    scope=Action.OWN_SESSION_END,
    parameters=(_SESSION,),
    answers=(Answer(status=204, description="It has ended."),),
    codes=("not_found", *_KEYS),
)
