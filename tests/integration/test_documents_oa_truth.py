"""What the OA does not tell is not made up; whose account it is is looked up; one bad line stops nothing."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from tests.integration.oa_office import CLERK, DOCTOR, LEADER, NOTICE, ZONE
from tests.integration.test_documents_oa_push import entries, hospital, message, tell  # noqa: F401

from xinglin.api.people import Person
from xinglin.api.security import LoginSession
from xinglin_documents.jobs import oa_health
from xinglin_documents.models import Box, Entry, EntryState, Item, OutsideUser
from xinglin_documents.schemas import DocumentsSettings
from xinglin_documents.service.connectors.errors import NotKnownThere, SourceDown
from xinglin_documents.service.connectors.landray import LandraySource
from xinglin_documents.service.connectors.users import UserBook
from xinglin_documents.service.connectors.weaver import WeaverSource
from xinglin_documents.service.connectors.weaver_reading import moment
from xinglin_documents.service.port import SourceBox
from xinglin_documents.service.time.working import WorkingTime

OVER, GONE_ON = "市疾控中心关于秋冬季防控的提示", "省医保局关于调整儿科服务价格的函"
CUT = "截断的表情\ud83d"
CHOICE = {"requestId": "7", "requestName": "读得懂的一件", "createTime": "2026-11-20 08:00:00"}


def done_moments(side, login):
    query = (
        select(Item.title, Entry.done_at)
        .join(Entry, Entry.item_id == Item.id)
        .where(Entry.person_id == side.person(login), Entry.box == Box.TO_DO, Entry.state == EntryState.DONE)
    )
    with side.database.read_session() as session:
        return dict(session.execute(query).all())


def last_act(office, title):
    return moment(office.document(title)["logs"][-1]["at"], ZONE)


def test_only_the_moments_that_the_oa_tells_are_kept(side, office):
    side.of(LEADER).refresh()
    moments = done_moments(side, LEADER)
    assert moments[GONE_ON] == last_act(office, GONE_ON)
    assert moments[OVER] is None  # somebody else acted after her: when she did is not told
    item = side.item(OVER)
    assert item.ended_at == last_act(office, OVER)
    with side.database.read_session() as session:
        working = WorkingTime.of(session, DocumentsSettings.working_hours, ZONE)
    assert item.working_minutes == working.minutes_between(item.started_at, item.ended_at)
    side.clock.advance(hours=5)
    side.of(LEADER).refresh()
    assert side.item(OVER).ended_at == item.ended_at


def test_a_document_of_the_oa_has_its_type_starter_and_department(side):
    side.of(CLERK).refresh()
    side.of(LEADER).refresh()
    item = side.item(NOTICE)
    assert item.process_key == f"oa:{item.process_title}" != "oa:"
    assert item.starter_id == side.person(CLERK)
    assert side.item("新生儿亚低温治疗").starter_id is None  # nobody has looked the doctor up yet


def test_what_was_done_between_two_distant_looks_has_no_moment(side, office):
    side.of(LEADER).refresh()
    for minutes, title in ((3, NOTICE), (300, "新生儿亚低温治疗")):
        office.post("acts", id=office.document(title)["id"], login=LEADER, act="submit")
        office.post("acts", id=office.document(title)["id"], login=LEADER, act="delete")
        side.clock.advance(minutes=minutes)
        side.of(LEADER).refresh()
    assert NOTICE not in side.titles(LEADER)
    assert "新生儿亚低温治疗" not in side.titles(LEADER)


def swap(side, one, other):
    with side.database.session() as session:
        first, second = (session.get(Person, side.person(login)) for login in (one, other))
        numbers = first.staff_no, second.staff_no
        first.staff_no = "between"
        session.flush()
        second.staff_no = numbers[0]
        session.flush()
        first.staff_no = numbers[1]


def user_of(side, login):
    return side.source()._users.id_of(side.person(login))


def test_a_corrected_staff_number_is_another_user_at_once(side):
    side.of(LEADER).refresh()
    before = user_of(side, LEADER), user_of(side, DOCTOR)
    swap(side, LEADER, DOCTOR)
    assert (user_of(side, LEADER), user_of(side, DOCTOR)) == before[::-1]
    assert side.titles(LEADER) == []  # the lists of the account that was not hers
    side.clock.advance(minutes=1)
    side.of(DOCTOR).refresh()
    assert NOTICE in side.titles(DOCTOR)


def book(side, find):
    return UserBook("weaver", side.transactions, side.clock, find)


def test_a_user_is_asked_for_again_after_a_day(side):
    asked = []
    users = book(side, lambda staff_no: asked.append(staff_no) or "1")
    person = side.person(LEADER)
    assert users.ids_of([person, person]) == ["1", "1"]
    side.clock.advance(hours=25)
    assert users.id_of(person) == "1"
    assert asked == [LEADER[1:]] * 2


def test_a_user_of_the_oa_is_never_two_persons(side):
    with ThreadPoolExecutor(2) as pool:

        def found(login):
            try:
                return book(side, lambda _staff_no: "1").id_of(side.person(login))
            except NotKnownThere as refused:
                return str(refused.message)

        answers = sorted(pool.map(found, (LEADER, DOCTOR)))
    assert answers[0] == "1"
    assert "colleague" in answers[1]


def line_of(**changed):
    names = (
        "requestId requestName requestLevel status currentNodeId currentNodeName creatorId creatorName "
        "createTime receiveTime lastOperateTime lastOperatorName workflowBaseInfo"
    )
    return SimpleNamespace(**{**dict.fromkeys(names.split()), **changed})


@pytest.mark.parametrize("text", ["0001-01-01 00:00:00", "9999-12-31 23:59:59", "1970-01-01", "", None])
def test_a_moment_of_another_century_is_unknown(text):
    assert moment(text, ZONE) is None


def test_one_bad_line_hides_no_other(clock, caplog):
    bad = [line_of(requestName="无号的机密"), line_of(requestId="8", requestName=7), SimpleNamespace()]
    good = line_of(**CHOICE, receiveTime="0001-01-01 00:00:00")
    workflow = SimpleNamespace(read=lambda *_: [*bad, good])
    users = SimpleNamespace(id_of=lambda _person: "1")
    source = WeaverSource(workflow, workflow, users, clock, ZONE, ("", ""))
    (line,) = source.list(1, SourceBox.TO_DO, page=1)
    assert (line.title, line.arrived_at) == ("读得懂的一件", datetime(2026, 11, 20, tzinfo=UTC))
    assert "line 1 of a list" in caplog.text
    assert "无号的机密" not in caplog.text


def test_a_cut_emoji_in_a_list_is_replaced(clock):
    docs = json.dumps({"docs": [{"modelId": "a\ud83d", "subject": CUT, "createTime": "2026-11-20"}]})
    answer = SimpleNamespace(returnState=2, message=docs)
    notify = SimpleNamespace(read=lambda *_: answer)
    source = LandraySource(notify, notify, SimpleNamespace(id_of=lambda _person: "1"), clock, ZONE)
    (line,) = source.list(1, SourceBox.TO_DO, page=1)
    assert (line.external_id, line.title) == ("a\ufffd", "截断的表情\ufffd")


def test_a_cut_emoji_in_a_message_is_taken(hospital):  # noqa: F811
    body = json.dumps(message(requestname=CUT, flowid="6\0", nodename="\ud800")).encode()
    assert tell(hospital, None, body=body).json["message"] == "new"
    assert entries(hospital)[0][0] == "截断的表情\ufffd"


@pytest.mark.parametrize("digits", [10, 18])
def test_a_message_from_the_far_future_does_not_make_others_old(hospital, digits):  # noqa: F811
    answer = tell(hospital, message("9" * digits), status=400).json
    assert "a day ahead" in answer["message"]
    stamp = int(hospital.site.clock.now().timestamp() * 1000)
    assert tell(hospital, message(stamp)).json["message"] == "new"
    moments = {"receivedatetime": "0001-01-01 00:00:00", "createdatetime": "0001-01-01"}
    assert tell(hospital, message(stamp + 1, flowid="60002", **moments)).json["message"] == "new"


def test_an_unfinished_round_goes_on_where_it_stopped(side, monkeypatch):
    polling = side.polling()
    first, *rest = polling.due()
    asked = []

    def sync(_syncing, person_id, **_options):
        asked.append(person_id)
        raise SourceDown

    monkeypatch.setattr("xinglin_documents.service.outside.polling.Syncing.sync", sync)
    for _round in rest:
        polling.run()
    assert asked == [first, *rest[:-1]]
    assert polling.due() == rest[-1:]
    side.clock.advance(minutes=3)
    assert polling.due() == [rest[-1], first, *rest[:-1]]


def test_who_was_here_lately_is_asked_for_first_and_nobody_is_left_out(side):
    with side.database.session() as session:
        now = side.clock.now() - timedelta(hours=23)
        moments = {"created_at": now, "last_seen_at": now, "expires_at": now + timedelta(days=9)}
        session.add(LoginSession(token_hash="x", person_id=side.person(DOCTOR), method="wecom", **moments))
    polling = side.polling()
    assert polling.due()[0] == side.person(DOCTOR)
    assert len(polling.due()) == 5


def test_equal_counts_are_not_read_again_until_a_quarter_is_over(side, office):
    polling = side.polling()
    polling.run()

    def lists():
        return sum(number for name, number in office.state()["calls"].items() if name.endswith("List"))

    read = lists()
    for minutes, is_read in ((3, False), (3, False), (12, True)):
        side.clock.advance(minutes=minutes)
        assert polling.run() == 5
        assert (lists() > read) == is_read
        assert side.of(LEADER).as_of() == side.clock.now()
    office.arise()
    side.clock.advance(minutes=3)
    polling.run()
    assert "市医保局关于结算的函" in side.titles(LEADER)


def test_health_says_how_old_the_oldest_lists_are(side):
    side.polling().run()
    with side.database.session() as session:
        row = session.get(OutsideUser, ("weaver", side.person(DOCTOR)))
        row.known_at -= timedelta(minutes=41)
    with side.database.read_session() as session:
        check = oa_health(session)
    assert check.is_well
    assert "the oldest of 5 lists is 41 min old" in check.detail
