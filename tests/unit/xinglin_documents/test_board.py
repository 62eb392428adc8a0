"""The board's figures equal a plain count over random documents; what is settled says the same as what is counted."""

from __future__ import annotations

import math
import random
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from tests.unit.xinglin_documents.office import Office

from xinglin.api.people import Department
from xinglin.api.security import HeldGrant
from xinglin.api.services import NotFound
from xinglin_documents.models import Baseline, Box, Entry, EntryState, Item, ItemStatus, SettledMonth
from xinglin_documents.service.board.cube import RESETTLED, CubeCache, settle_next
from xinglin_documents.service.board.figures import BoardService, Wanted
from xinglin_documents.service.board.scope import Scope

SHANGHAI = ZoneInfo("Asia/Shanghai")
WHOLE = Scope(None)


@pytest.fixture
def office(session, clock, audit):
    return Office(session, clock, audit)


@pytest.fixture
def departments(session, office):
    return {one.code: one for one in session.scalars(select(Department))}


def fill(office, departments, count=150, seed=7):
    """Documents of fourteen months, in every state, with entries in every box."""
    chance, now = random.Random(seed), office.clock.now()
    person, other = office.persons("安宁", "白冰")
    places = [None, departments["P"].id, departments["P1"].id, departments["O"].id]
    for _number in range(count):
        started = now - timedelta(minutes=chance.randrange(14 * 30 * 1440))
        ended = started + timedelta(seconds=chance.randrange(1, 9 * 86_400))
        status = chance.choice(list(ItemStatus)) if ended <= now else ItemStatus.RUNNING
        has_ended = status not in (ItemStatus.RUNNING, ItemStatus.SUSPENDED)
        item = office.item(
            chance.choice(["leave", "purchase", ""]),
            department_id=chance.choice(places),
            status=status,
            started_at=started,
            ended_at=ended if has_ended else None,
            working_minutes=chance.choice([None, chance.randrange(5000)]) if has_ended else None,
        )
        for position in range(chance.randrange(4)):
            arrived = min(started + timedelta(hours=chance.randrange(60)), now)
            wait = chance.choice(
                [timedelta(hours=24), timedelta(hours=72), timedelta(minutes=chance.randrange(9000))]
            )
            seen = arrived + wait if arrived + wait <= now and chance.random() < 0.8 else None
            office.task(
                chance.choice([person, other]),
                item,
                box=chance.choice([Box.TO_DO, Box.TO_READ, Box.STARTED]) if position else Box.TO_DO,
                state=chance.choice(list(EntryState)),
                arrived_at=arrived,
                due_at=chance.choice([None, arrived + timedelta(days=2)]),
                read_at=chance.choice([seen, None]),
                done_at=seen,
            )


def service(office, scope=WHOLE, cache=None):
    return BoardService(office.session, office.clock, SHANGHAI, cache or CubeCache(), scope)


def month_of(moment):
    return f"{moment.astimezone(SHANGHAI):%Y-%m}"


def rank(minutes, percent):
    return sorted(minutes)[math.ceil(len(minutes) * percent / 100) - 1] if minutes else None


def percent_of(part, whole):
    return round(100 * len(part) / len(whole), 1) if whole else None


def plainly(session, now, months, wanted=None, month=None):
    """The same figures by going through every row."""

    def is_in(moment):
        return moment is not None and month_of(moment) in ([month] if month else months)

    items = {one.id: one for one in session.scalars(select(Item)) if wanted is None or wanted(one)}
    entries = [
        one
        for one in session.scalars(select(Entry))
        if one.item_id in items
        and one.box in (Box.TO_DO, Box.TO_READ)
        and one.state in (EntryState.OPEN, EntryState.DONE)
        and (one.state == EntryState.OPEN or one.read_at or one.done_at)
        and is_in(one.arrived_at)
    ]

    def read(hours):
        ripe = [one for one in entries if now - one.arrived_at >= timedelta(hours=hours)]
        seen = [
            one
            for one in ripe
            if (at := one.read_at or one.done_at) and at - one.arrived_at <= timedelta(hours=hours)
        ]
        return percent_of(seen, ripe)

    over = [
        one
        for one in items.values()
        if one.status in (ItemStatus.COMPLETED, ItemStatus.REJECTED) and is_in(one.ended_at)
    ]
    wall = [int((one.ended_at - one.started_at).total_seconds()) // 60 for one in over]
    working = [one.working_minutes for one in over if one.working_minutes is not None]
    due = [one for one in entries if one.box == Box.TO_DO and one.due_at]
    return {
        "started": sum(is_in(one.started_at) for one in items.values()),
        "ended": len(over),
        "sent": len(entries),
        "read_24": read(24),
        "read_72": read(72),
        "read_ever": percent_of([one for one in entries if one.read_at or one.done_at], entries),
        "median": rank(wall, 50),
        "p90": rank(wall, 90),
        "median_working": rank(working, 50),
        "p90_working": rank(working, 90),
        "due": len(due),
        "late": percent_of([one for one in due if (one.done_at or now) > one.due_at], due),
    }


def shown(figures):
    return {name: value for name, value in vars(figures).items() if name not in ("title", "key")}


def settle_all(office):
    while settle_next(office.session, office.clock.now(), SHANGHAI):
        pass


@pytest.mark.parametrize("is_settled", [False, True])
def test_every_figure_equals_a_plain_count(office, departments, is_settled):
    fill(office, departments)
    if is_settled:
        settle_all(office)
        assert len(set(office.session.scalars(select(SettledMonth.month)))) == 11
    session, now = office.session, office.clock.now()
    board = service(office).board(Wanted())
    months = [one.title for one in board.months]
    assert len(months) == 12
    assert months[-1] == month_of(now)
    assert shown(board.whole) == plainly(session, now, months)
    for one in board.months:
        assert shown(one) == plainly(session, now, months, month=one.title)
    assert {one.key for one in board.types} == {"", "leave", "purchase"}
    for one in board.types:
        assert shown(one) == plainly(session, now, months, lambda item, key=one.key: item.process_key == key)
    by_name = {one.name: one.id for one in departments.values()} | {"": None}
    assert {one.title for one in board.departments} == {"", "儿科", "儿科一病区", "药学部"}
    for one in board.departments:
        key = by_name[one.title]
        assert shown(one) == plainly(session, now, months, lambda item, key=key: item.department_id == key)


def test_a_grant_ends_at_its_departments(office, departments):
    fill(office, departments, 60)
    ward = departments["P1"]
    own = service(office, Scope(frozenset({ward.id})))
    board = own.board(Wanted("leave"))
    months = [one.title for one in board.months]

    def wanted(item):
        return item.department_id == ward.id and item.process_key == "leave"

    assert shown(board.whole) == plainly(office.session, office.clock.now(), months, wanted)
    assert [one.title for one in own.departments()] == ["儿科一病区"]
    with pytest.raises(NotFound):
        own.board(Wanted(department=departments["O"].public_id))
    with pytest.raises(NotFound):
        own.board(Wanted(department="nobody"))


def test_a_department_includes_those_below(office, departments):
    for code in ("P", "P1", "P2", "O"):
        office.item(department_id=departments[code].id)
    board = service(office).board(Wanted(department=departments["P"].public_id))
    assert board.whole.started == 3
    assert {one.title for one in board.departments} == {"儿科", "儿科一病区", "儿科二病区"}


def test_figures_live_for_half_a_minute(office, departments):
    cache = CubeCache()
    person = office.person("安宁")
    item = office.item(department_id=departments["P"].id)
    entry = office.task(person, item)
    assert service(office, cache=cache).board(Wanted()).whole.read_ever == 0
    entry.read_at = office.clock.now()
    office.session.flush()
    office.clock.advance(seconds=29)
    assert service(office, cache=cache).board(Wanted()).whole.read_ever == 0
    office.clock.advance(seconds=1)
    moved = service(office, cache=cache).board(Wanted())
    assert moved.whole.read_ever == 100
    assert moved.taken_at == office.clock.now()


def test_a_month_is_settled_when_its_last_reader_had_three_days(office):
    settle_all(office)
    office.clock.advance(days=7, hours=14, minutes=59)  # 2026-11-30 23:59 in the hospital
    months = select(SettledMonth.month)
    settle_all(office)
    assert "2026-11" not in set(office.session.scalars(months))
    office.clock.advance(days=3, minutes=1)
    assert settle_next(office.session, office.clock.now(), SHANGHAI) == "2026-11"
    settle_all(office)
    assert settle_next(office.session, office.clock.now(), SHANGHAI) == ""
    office.clock.advance(seconds=RESETTLED.total_seconds())
    assert settle_next(office.session, office.clock.now(), SHANGHAI)


def test_a_late_reader_of_an_old_document_counts_when_the_month_is_settled_again(office, departments):
    cache = CubeCache()
    person = office.person("安宁")
    old = office.clock.now() - timedelta(days=100)
    entry = office.task(
        person, office.item(department_id=departments["P"].id, started_at=old), arrived_at=old
    )
    settle_all(office)
    assert service(office, cache=cache).board(Wanted()).whole.read_ever == 0
    entry.read_at = office.clock.now()
    office.clock.advance(seconds=RESETTLED.total_seconds())
    settle_all(office)
    assert service(office, cache=cache).board(Wanted()).whole.read_ever == 100


def test_the_baseline_stands_beside_what_it_is_of(office, departments):
    facts = {"imported_at": office.clock.now(), "source": "旧OA"}
    ward = departments["P1"].id
    office.session.add_all(
        [
            Baseline(month="2025-10", documents=100, read_share=200, median_minutes=3000, **facts),
            Baseline(month="2025-11", documents=300, read_share=400, median_minutes=1000, **facts),
            Baseline(month="2025-11", department_id=ward, read_share=500, **facts),
            Baseline(month="2025-11", process_key="leave", read_share=600, **facts),
        ]
    )
    office.session.flush()
    whole = service(office).board(Wanted()).baseline
    assert (whole.first, whole.last, whole.read_share, whole.median, whole.p90) == (
        "2025-10",
        "2025-11",
        35.0,
        1500,
        None,
    )
    assert service(office).board(Wanted("leave")).baseline.read_share == 60.0
    assert service(office, Scope(frozenset({ward}))).board(Wanted()).baseline.read_share == 50.0
    assert service(office).board(Wanted(department=departments["P"].public_id)).baseline.read_share == 50.0
    assert service(office).board(Wanted("purchase")).baseline is None


def test_who_follows_every_root_follows_the_whole_hospital():
    def grant(permission, *departments):
        return HeldGrant(permission, None, frozenset(departments), frozenset(), None)

    roots = frozenset({1, 5})
    narrow, other = grant("documents:follow", 1, 2), grant("news:publish", 5)
    assert Scope.of([narrow, other], roots) == Scope(frozenset({1, 2}))
    assert Scope.of([narrow, grant("documents:follow", 5)], roots) == Scope(None)
    assert Scope.of([], roots) == Scope.of([], frozenset()) == Scope(frozenset())
    assert not Scope(frozenset({1})).covers(None)
    assert Scope(None).covers(None)
