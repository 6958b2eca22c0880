"""What people ask for by themselves, and the codes by which they prove a number, put together of open stores."""

from collections.abc import Callable

from gateway.accounts.profile import AccountSealer
from gateway.audit.actor import NODE
from gateway.keystore.hold_keys import DayKeys
from gateway.keystore.people_keys import PeopleKeys
from gateway.rights.asking import PublicRequests
from gateway.rights.building import Stands, cases
from gateway.rights.case_record import Case
from gateway.rights.case_work import CaseWork
from gateway.rights.code_limits import CodeLimits
from gateway.rights.codes import Codes
from gateway.rights.desk import RightsDesk
from gateway.rights.proving import Proving, Send
from gateway.rights.references import References
from gateway.rights.waiting import WaitingRequests
from redaction.errors import KeysWithheld
from redaction.personal import Secret
from redaction.pseudonymise import counted_digest


def proving(on: Stands, send: Send | None) -> Proving:
    """send: sends a code; None where none is sent."""
    acts, settings = on.ledger.acts, on.settings.rights

    def counted(word: str, now_ms: int) -> bytes:
        _check_attended(on)
        return counted_digest(on.keyring.state, word, now_ms)

    limits = CodeLimits(acts, counted, on.clock, settings)
    return Proving(acts, limits, Codes(acts, _digest(on), on.clock), send, settings.calling_codes)


def public_requests(desk: RightsDesk, sealer: AccountSealer, codes: Proving) -> PublicRequests:
    on = desk.on
    found = cases(on, sealer, NODE)
    work = CaseWork(found, desk, NODE)

    async def stop(case: Case) -> Case:
        return (await work.execute(case.id, None)).case

    waiting = WaitingRequests(on.ledger.acts, DayKeys(on.keystore, on.clock), sealer, on.clock)
    return PublicRequests(found, waiting, codes, References(_digest(on)), on.clock, stop)


def _digest(on: Stands) -> Callable[[Secret], bytes]:
    keys = PeopleKeys(on.keystore, on.clock)

    def digest(secret: Secret) -> bytes:
        _check_attended(on)
        return keys.digest(secret)

    return digest


def _check_attended(on: Stands) -> None:
    if not on.keyring.attended:
        raise KeysWithheld
