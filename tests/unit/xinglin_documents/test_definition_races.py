"""Two at once: two programs that put in processes, two of IT who publish."""

from __future__ import annotations

import threading

from sqlalchemy import func, select

from xinglin.api.services import DomainError
from xinglin.audit.service import Actor, AuditTrail
from xinglin_documents.models import Definition as Version
from xinglin_documents.models import DefinitionState, Process
from xinglin_documents.service.definitions import DefinitionService, ensure_shipped
from xinglin_documents.service.definitions.cache import DefinitionCache
from xinglin_documents.service.definitions.editing import EditingService
from xinglin_documents.service.definitions.shipped import shipped
from xinglin_documents.service.definitions.versions import digest_of


def at_once(*acts):
    """Run them in threads that begin together; what each returned or refused."""
    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number):
        gate.wait()
        try:
            results[number] = acts[number]()
        except DomainError as refused:
            results[number] = type(refused).__name__

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def editing_in(session, clock, keyring):
    audit = AuditTrail(session, Actor.system("test"), clock, keyring)
    return EditingService(session, clock, audit, DefinitionService(session, clock, audit), "查志远")


def test_two_programs_put_each_process_in_once(database, clock, keyring):
    def put_in():
        with database.session() as session:
            return ensure_shipped(session, clock, AuditTrail(session, Actor.system("test"), clock, keyring))

    assert sorted(at_once(put_in, put_in)) in ([0, 10], sorted([0, 10]))
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(Process)) == 10
        assert session.scalar(select(func.count()).select_from(Version)) == 10


def test_two_who_publish_leave_one_live_version(database, clock, keyring):
    with database.session() as session:
        editing = editing_in(session, clock, keyring)
        draft = editing.draft_of(editing.create("trip", "出差"))
        digest = draft.digest

    def publish():
        with database.session() as session:
            editing = editing_in(session, clock, keyring)
            return editing.publish(editing.find("trip"), digest=digest, reason="试").version

    assert sorted(map(str, at_once(publish, publish))) == ["1", "NothingToPublish"]
    with database.session() as session:
        states = session.scalars(select(Version.state)).all()
    assert states == [DefinitionState.LIVE]


def test_the_cache_keeps_what_is_used_and_forgets_the_rest():
    asked = []
    cache = DefinitionCache(most=2)

    def text(one):
        asked.append(one.definition.key)
        return one.text

    first, second, third = shipped()[:3]
    for one in (first, second, first, third, first, second):
        found = cache.get(digest_of(one.text), 3, lambda one=one: text(one))
        assert (found.key, found.version) == (one.definition.key, 3)
    assert asked == [one.definition.key for one in (first, second, third, second)]
