"""A portal with two nurses of the simulated hospital, their phones, a PC, an administrator."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from pyramid.request import Request
from pyramid.scripting import prepare

from xinglin.auth.breakglass import create_administrator
from xinglin.people.records import DepartmentRecord, PersonRecord
from xinglin.people.service import PeopleService

from .journeys import (
    PASSWORD,
    PC,
    STARTER,
    WARD_NURSE,
    come_back,
)


@pytest.fixture
def hospital(portal):
    """A ward with a nurse who was confirmed before, and one who is new."""
    with portal.session() as (session, audit):
        people = PeopleService(session, portal.site.clock, audit)
        people.create_department(DepartmentRecord("W", "儿科病区"))
        for staff_no, name, is_confirmed in (("10021", "王丽", True), ("10061", "解小雨", False)):
            people.create(
                PersonRecord(
                    staff_no,
                    name,
                    wecom_userid=f"N{staff_no}",
                    mobile=f"138000{staff_no}",
                    email=f"n{staff_no}@hospital.example",
                    department="W",
                    is_confirmed=is_confirmed,
                )
            )
    return portal


@pytest.fixture
def phone(hospital):
    return hospital.browser()


@pytest.fixture
def pc(hospital):
    return hospital.browser(user_agent=PC)


@pytest.fixture
def nurse(hospital):
    """The phone of the confirmed nurse, logged in."""
    phone = hospital.browser()
    come_back(hospital, phone, WARD_NURSE)
    return phone


@pytest.fixture
def starter(hospital):
    """The phone of the new nurse, at the page that asks for a confirmation."""
    phone = hospital.browser()
    come_back(hospital, phone, STARTER, "/me")
    return phone


@pytest.fixture
def secret(hospital):
    """An administrator `boss`; the secret of the second factor."""
    with hospital.session() as (session, audit):
        made = create_administrator(
            session, audit, hospital.site.keyring, "boss", "周主任", PASSWORD, clock=hospital.site.clock
        )
    return made.secret


@pytest.fixture
def known(hospital):
    """Who the policy takes a request for, by its headers."""

    def ask(path, **headers):
        request = Request.blank(path, headers=headers)
        with prepare(registry=hospital.wsgi.registry, request=request) as environment:
            return environment["request"].identity

    return ask


@pytest.fixture
def request_of(hospital):
    """A request at the portal, outside of any view."""
    with ExitStack() as stack:

        def make(path, **headers):
            request = Request.blank(path, headers=headers)
            return stack.enter_context(prepare(registry=hospital.wsgi.registry, request=request))["request"]

        yield make
