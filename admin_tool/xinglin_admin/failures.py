"""Every failure as a sentence with its cure."""

from __future__ import annotations

from dataclasses import dataclass

from xinglin_admin.api import errors
from xinglin_admin.api.errors import ApiError
from xinglin_admin.locale.texts import FailureTexts


@dataclass(frozen=True)
class Explanation:
    what: str
    cure: str


def explain(error: ApiError, texts: FailureTexts) -> Explanation:
    if isinstance(error, errors.Refusal):
        return Explanation(error.detail, _cure_of_refusal(error, texts))
    return _explain_trouble(error, texts)


def _explain_trouble(error: ApiError, texts: FailureTexts) -> Explanation:
    match error:
        case errors.UnusableAddress():
            what, cure = texts.address.format(server=error.server), texts.address_cure
        case errors.Unreachable():
            what, cure = texts.unreachable, texts.unreachable_cure.format(reason=error.reason)
            what = what.format(server=error.server)
        case errors.TimedOut():
            what = texts.timed_out.format(server=error.server, seconds=f"{error.seconds:g}")
            cure = texts.timed_out_cure
        case errors.ContractMissing():
            what, cure = texts.contract_missing.format(reason=error.reason), texts.contract_missing_cure
        case errors.ContractBroken():
            what = texts.contract_broken.format(
                operation=error.operation, place=error.place, problem=error.problem
            )
            cure = texts.contract_broken_cure
        case errors.NotSaved():
            what = texts.not_saved.format(path=error.path, reason=error.reason)
            cure = texts.not_saved_cure
        case errors.ServerFault():
            what, cure = texts.server_fault.format(status=error.status), texts.server_fault_cure
        case _:
            what, cure = texts.defect, texts.defect_cure
    return Explanation(what, cure)


def _cure_of_refusal(error: errors.Refusal, texts: FailureTexts) -> str:
    match error:
        case errors.TooManyAttempts():
            return texts.too_many_cure.format(seconds=error.retry_after)
        case errors.InvalidFields():
            messages = [f"{item.field}: {item.message}" for item in error.errors]
            return " ".join([*messages, texts.invalid_cure])
    cures: dict[type[errors.Refusal], str] = {
        errors.SignInRefused: texts.sign_in_refused_cure,
        errors.SessionEnded: texts.session_ended_cure,
        errors.NotAllowed: texts.not_allowed_cure,
        errors.NotFound: texts.not_found_cure,
        errors.Conflict: texts.conflict_cure,
    }
    return cures[type(error)]
