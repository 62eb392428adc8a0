"""batch/*: contact jobs and invitations."""

from __future__ import annotations

import asyncio

from xinglin_simulators.settings import CallbackSettings

from .api import Answer, Call, endpoint
from .errors import ApiError
from .events import event
from .jobs import Job, run_job
from .state import Simulator

QUEUE_SECONDS = 0.1
_TASKS: set[asyncio.Task[None]] = set()


def _callback(call: Call) -> CallbackSettings | None:
    raw = call.body.get("callback") or {}
    if not raw.get("url"):
        return None
    return CallbackSettings(str(raw["url"]), str(raw.get("token", "")), str(raw.get("encodingaeskey", "")))


async def _work(simulator: Simulator, job: Job, target: CallbackSettings | None) -> None:
    await asyncio.sleep(QUEUE_SECONDS)
    run_job(simulator.directory, job)
    if target is None:
        return
    outcome = {"JobId": job.jobid, "JobType": job.kind, "ErrCode": job.errcode, "ErrMsg": job.errmsg}
    fields = event(
        simulator.settings.corp_id, "sys", simulator.clock.now(), "batch_job_result", {"BatchJob": outcome}
    )
    simulator.callbacks.send(target, fields, None)


def _start(call: Call, kind: str) -> Answer:
    media = call.simulator.media.get(str(call.body.get("media_id", "")))
    job = call.simulator.jobs.open(kind, media.content)
    task = asyncio.get_running_loop().create_task(_work(call.simulator, job, _callback(call)))
    _TASKS.add(task)
    task.add_done_callback(_TASKS.discard)
    return {"jobid": job.jobid}


@endpoint("POST", "batch/syncuser", rights="contacts")
def sync_users(call: Call) -> Answer:
    """Add or change the listed members."""
    return _start(call, "sync_user")


@endpoint("POST", "batch/replaceuser", rights="contacts")
def replace_users(call: Call) -> Answer:
    """Make the list the whole truth about members."""
    return _start(call, "replace_user")


@endpoint("POST", "batch/replaceparty", rights="contacts")
def replace_parties(call: Call) -> Answer:
    """Make the list the whole truth about departments."""
    return _start(call, "replace_party")


@endpoint("GET", "batch/getresult", rights="contacts")
def get_result(call: Call) -> Answer:
    """State and outcome of a job."""
    job = call.simulator.jobs.get(call.need("jobid"))
    if job.status == 3 and job.errcode:
        raise ApiError(job.errcode)
    return {
        "status": job.status,
        "type": job.kind,
        "total": len(job.rows),
        "percentage": job.percentage,
        "result": list(job.result),
    }


@endpoint("POST", "batch/invite")
def invite(call: Call) -> Answer:
    """Accepted; unknown members are named."""
    users = [str(userid) for userid in call.body.get("user") or []]
    unknown = [userid for userid in users if call.simulator.directory.member(userid) is None]
    return {"invaliduser": unknown, "invalidparty": [], "invalidtag": []}
