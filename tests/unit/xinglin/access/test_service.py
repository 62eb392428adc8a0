"""Rules and openings, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from xinglin.access.addresses import address_of
from xinglin.access.groups import RouteGroup, Zone
from xinglin.access.rules import RuleBook, read_rules
from xinglin.access.service import MOST_RULES, AccessRefused, AccessService, Network
from xinglin.audit.models import AuditRecord
from xinglin.audit.service import details_of

OFFICE = address_of("10.1.2.3")
HOME = address_of("203.0.113.7")


@pytest.fixture
def service(session, clock, audit):
    return AccessService(session, clock, audit)


def rules_of(session, clock):
    return read_rules(session.connection(), clock.now())


def test_a_fresh_install_is_open(session, clock):
    rules = rules_of(session, clock)
    assert all(rules.lets_in(group, HOME, clock.now()) for group in RouteGroup)


def test_a_zone_shuts_its_own_group_only(service, session, clock):
    service.allow(Zone.OFFICE, "10.1.2.3/8", "楼内")
    service.allow(Zone.OFFICE, "2001:db8::/32")
    rules = rules_of(session, clock)

    assert rules.lets_in(RouteGroup.PHONE, OFFICE, clock.now())
    assert rules.lets_in(RouteGroup.PHONE, address_of("2001:db8::9"), clock.now())
    assert not rules.lets_in(RouteGroup.PHONE, HOME, clock.now())
    assert not rules.lets_in(RouteGroup.PHONE, None, clock.now())
    assert rules.lets_in(RouteGroup.CALLBACK, HOME, clock.now())
    assert [rule.cidr for rule in service.zones()[Zone.OFFICE]] == ["10.0.0.0/8", "2001:db8::/32"]


def test_the_machine_reaches_its_own_health_page_but_nothing_else(service, session, clock):
    service.allow(Zone.ADMINISTRATION, "10.9.0.0/16")
    rules, here = rules_of(session, clock), address_of("127.0.0.1")
    assert rules.lets_in(RouteGroup.HEALTH, here, clock.now())
    assert not rules.lets_in(RouteGroup.ADMIN, here, clock.now())


def test_every_change_is_recorded_before_and_after(service, session, keyring):
    service.allow(Zone.BUS, "10.0.5.1", "OA")
    service.allow(Zone.BUS, "10.0.5.2", "HIS")
    service.remove(Zone.BUS, "10.0.5.1/32")
    service.replace({Zone.BUS: [Network("10.0.5.2", "HIS")]})  # nothing new, nothing to tell

    rows = session.scalars(select(AuditRecord).where(AuditRecord.action == "access.zone")).all()
    assert [row.object_id for row in rows] == ["bus"] * 3
    last = json.loads(details_of(rows[-1], keyring))
    assert last["before"] == {"networks": {"10.0.5.1/32": "OA", "10.0.5.2/32": "HIS"}}
    assert last["after"] == {"networks": {"10.0.5.2/32": "HIS"}}


def test_who_wrote_a_rule_stays_when_another_is_added(service, session, clock):
    service.allow(Zone.OFFICE, "10.0.0.0/8")
    first = service.zones()[Zone.OFFICE][0]
    clock.advance(days=1)
    service.allow(Zone.OFFICE, "10.0.0.0/9")
    assert service.zones()[Zone.OFFICE][0] == first


def test_a_rule_set_that_locks_out_its_author_is_refused(service, session):
    wanted = {Zone.ADMINISTRATION: [Network("10.9.0.0/16")], Zone.OFFICE: [Network("10.0.0.0/8")]}
    with pytest.raises(AccessRefused, match="lock you out"):
        service.replace(wanted, author_ip="10.8.0.1")
    assert not any(service.zones().values())

    service.replace(wanted, author_ip="10.9.3.4")
    service.replace({Zone.ADMINISTRATION: []}, author_ip="10.8.0.1")
    assert service.zones()[Zone.ADMINISTRATION] == ()


@pytest.mark.parametrize("text", ["10.0.0.0/33", "hospital", "", "10.0.0", "::/129"])
def test_what_is_no_network_is_refused(service, text):
    with pytest.raises(AccessRefused, match="is no network"):
        service.allow(Zone.OFFICE, text)


def test_too_many_networks_and_an_unknown_one_are_refused(service):
    many = [Network(f"10.0.{number // 256}.{number % 256}") for number in range(MOST_RULES + 1)]
    with pytest.raises(AccessRefused, match="at most"):
        service.replace({Zone.OFFICE: many})
    with pytest.raises(AccessRefused, match="is not in this zone"):
        service.remove(Zone.OFFICE, "10.0.0.0/8")


def test_an_opening_lets_everybody_in_and_ends_by_itself(service, session, clock):
    service.allow(Zone.ADMINISTRATION, "10.9.0.0/16")
    service.open([RouteGroup.ADMIN], timedelta(minutes=60))
    rules = rules_of(session, clock)
    assert rules.lets_in(RouteGroup.ADMIN, HOME, clock.now())
    assert list(service.open_until()) == [RouteGroup.ADMIN]

    clock.advance(minutes=60)

    assert not rules.lets_in(RouteGroup.ADMIN, HOME, clock.now())
    assert service.open_until() == {}
    actions = session.scalars(select(AuditRecord.action).where(AuditRecord.object_id == "admin")).all()
    assert actions == ["access.open"]


@pytest.mark.parametrize("minutes", [0, -5, 24 * 60 + 1])
def test_an_opening_without_end_is_refused(service, minutes):
    with pytest.raises(AccessRefused, match="1 minute to 24 hours"):
        service.open(RouteGroup, timedelta(minutes=minutes))


def test_another_process_follows_within_five_seconds(database, clock, keyring):
    from xinglin.audit.service import Actor, AuditTrail

    book = RuleBook(database, clock)
    assert book.now().lets_in(RouteGroup.PHONE, HOME, clock.now())
    with database.session() as session:
        trail = AuditTrail(session, Actor.system("test"), clock, keyring)
        AccessService(session, clock, trail).allow(Zone.OFFICE, "10.0.0.0/8")
    clock.advance(seconds=4)
    assert book.now().lets_in(RouteGroup.PHONE, HOME, clock.now())
    clock.advance(seconds=1)
    assert not book.now().lets_in(RouteGroup.PHONE, HOME, clock.now())


def test_a_lost_database_leaves_the_last_rules_in_force(sqlite_maker, clock, keyring):
    from xinglin.audit.service import Actor, AuditTrail

    database = sqlite_maker.fresh()
    with database.session() as session:
        trail = AuditTrail(session, Actor.system("test"), clock, keyring)
        AccessService(session, clock, trail).allow(Zone.OFFICE, "10.0.0.0/8")
    known, unknown = RuleBook(database, clock), RuleBook(database, clock)
    assert not known.now().lets_in(RouteGroup.PHONE, HOME, clock.now())
    with database.writer.begin() as connection:
        connection.exec_driver_sql("DROP TABLE core_zone_rule")
    clock.advance(seconds=10)

    assert not known.now().lets_in(RouteGroup.PHONE, HOME, clock.now())
    assert known.now().lets_in(RouteGroup.PHONE, OFFICE, clock.now())
    with pytest.raises(SQLAlchemyError):
        unknown.now()
    database.dispose()
