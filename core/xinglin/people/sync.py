"""From WeCom's contacts to our people: links, places, who can be reached.

The hospital's list (source "import") says who works here and what they are called; WeCom says who has an account
and in which departments it puts them. Persons of source "wecom" exist only where a site asked for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from xinglin.people import roster
from xinglin.people.checks import WECOM_USERID
from xinglin.people.contacts import Contact, ContactDepartment, Contacts
from xinglin.people.importing import Plan
from xinglin.people.models import SOURCE_IMPORT, SOURCE_WECOM, PersonState, Unreachable
from xinglin.people.records import Change, DepartmentRecord, PersonRecord, difference
from xinglin.people.roster import Roster
from xinglin.wecom.answers import MemberStatus

SOURCE = "WeCom"
STATUS = {
    MemberStatus.ACTIVATED: "",
    MemberStatus.DISABLED: Unreachable.DISABLED_IN_WECOM.value,
    MemberStatus.NOT_ACTIVATED: Unreachable.NOT_ACTIVATED.value,
    MemberStatus.LEFT: Unreachable.NOT_IN_WECOM.value,
}


@dataclass(frozen=True)
class SyncPlan:
    """`plan` is applied like an import; `unknown` are userids of members whom the hospital does not know."""

    plan: Plan
    unknown: tuple[str, ...] = ()
    unlinked: tuple[str, ...] = ()


@dataclass
class Synchroniser:
    """Plans against one reading of the database. `create_unknown` None: only where there are such persons already."""

    session: Session
    create_unknown: bool | None = None
    stored: Roster = field(init=False)

    def __post_init__(self) -> None:
        self.stored = roster.read(self.session)
        if self.create_unknown is None:
            self.create_unknown = any(person.source == SOURCE_WECOM for person in self.stored.people.values())

    def plan(self, contacts: Contacts) -> SyncPlan:
        """Everything that WeCom says, as changes."""
        departments = self._departments(contacts.departments, is_full=contacts.is_full)
        codes = {row.wecom_id: row.code for row in departments.values() if row.wecom_id is not None}
        people, unknown = self._people(contacts, codes)
        people |= self._missing(contacts.members, people)
        changes = (*self._changed_departments(departments), *self._changed_people(people))
        unlinked = tuple(
            row.name or str(row.id) for row in contacts.departments.values() if row.id not in codes
        )
        return SyncPlan(self._as_plan(changes), tuple(unknown), unlinked)

    def plan_departments(self, found: Mapping[int, ContactDepartment]) -> SyncPlan:
        """Only the tree, after a hint that a department changed."""
        return SyncPlan(self._as_plan(self._changed_departments(self._departments(found, is_full=True))))

    def plan_member(self, userid: str, contact: Contact | None) -> SyncPlan:
        """Only one member, as read again; None: there is no such userid any more."""
        codes = {
            row.wecom_id: row.code for row in self.stored.departments.values() if row.wecom_id is not None
        }
        if contact is not None:
            one = Contacts({}, {contact.userid.lower(): contact}, is_full=True)
            people, unknown = self._people(one, codes)
            return SyncPlan(self._as_plan(self._changed_people(people)), tuple(unknown))
        gone = {
            number: _lost(person)
            for number, person in self.stored.people.items()
            if (person.wecom_userid or "").lower() == userid.lower()
        }
        return SyncPlan(self._as_plan(self._changed_people(gone)))

    def plan_rename(self, userid: str, new_userid: str) -> SyncPlan:
        """A member's userid was changed (WeCom allows it once)."""
        renamed = {
            number: replace(person, wecom_userid=new_userid)
            for number, person in self.stored.people.items()
            if (person.wecom_userid or "").lower() == userid.lower()
        }
        is_taken = any(
            (person.wecom_userid or "").lower() == new_userid.lower()
            for person in self.stored.people.values()
        )
        return SyncPlan(self._as_plan(() if is_taken else self._changed_people(renamed)))

    def _as_plan(self, changes: tuple[Change, ...]) -> Plan:
        active = sum(person.state == PersonState.ACTIVE for person in self.stored.people.values())
        digest = hashlib.sha256(repr(changes).encode()).hexdigest()
        return Plan(SOURCE, digest, changes, active)

    def _changed_departments(self, wanted: Mapping[str, DepartmentRecord]) -> tuple[Change, ...]:
        found = (difference(self.stored.departments.get(code), record) for code, record in wanted.items())
        return tuple(change for change in found if change)

    def _changed_people(self, wanted: Mapping[str, PersonRecord]) -> tuple[Change, ...]:
        found = (difference(self.stored.people.get(number), record) for number, record in wanted.items())
        return tuple(change for change in found if change)

    # Departments.

    def _departments(
        self, found: Mapping[int, ContactDepartment], *, is_full: bool
    ) -> dict[str, DepartmentRecord]:
        """All our departments with the links that WeCom's tree gives them."""
        wanted = dict(self.stored.departments)
        if is_full:
            wanted = {
                code: _unlinked(record) if _is_gone(record, found) else record
                for code, record in wanted.items()
            }
        codes = {record.wecom_id: code for code, record in wanted.items() if record.wecom_id is not None}
        for row in found.values():
            code = codes.get(row.id) or self._twin(row, wanted, codes)
            if code is None and is_full and self.create_unknown:
                code = f"wecom-{row.id}"
                wanted[code] = DepartmentRecord(code, row.name, wecom_id=row.id, source=SOURCE_WECOM)
            if code is not None:
                codes[row.id] = code
                wanted[code] = _linked(wanted[code], row, codes.get(row.parent_id, ""), is_full=is_full)
        return wanted

    @staticmethod
    def _twin(
        row: ContactDepartment, wanted: Mapping[str, DepartmentRecord], codes: Mapping[int, str]
    ) -> str | None:
        """Our one department that is not linked yet and stands at the same place under the same name."""
        is_root = row.parent_id == 0
        parent = "" if is_root else codes.get(row.parent_id)
        same_place = [
            record
            for record in wanted.values()
            if record.parent == parent and record.is_active and record.wecom_id is None
        ]
        same_name = [record for record in same_place if record.name == row.name]
        candidates = same_place if is_root and len(same_place) == 1 else same_name
        return candidates[0].code if len(candidates) == 1 else None

    # People.

    def _people(
        self, contacts: Contacts, codes: Mapping[int, str]
    ) -> tuple[dict[str, PersonRecord], list[str]]:
        """The persons behind the members, and the userids of members who are nobody here."""
        finder = _Finder(self.stored)
        wanted: dict[str, PersonRecord] = {}
        unknown = []
        for contact in contacts.members.values():
            person = finder.find(contact)
            if person is None and contacts.is_full and self.create_unknown and self._may_create(contact):
                person = PersonRecord(contact.userid, contact.name or contact.userid, source=SOURCE_WECOM)
            if person is None:
                unknown.append(contact.userid)
            elif person.source == SOURCE_WECOM or person.state != PersonState.LEFT:
                wanted[person.staff_no] = self._as_seen(person, contact, codes, is_full=contacts.is_full)
        return wanted, unknown

    def _may_create(self, contact: Contact) -> bool:
        return bool(WECOM_USERID.fullmatch(contact.userid)) and contact.userid not in self.stored.people

    def _as_seen(
        self, person: PersonRecord, contact: Contact, codes: Mapping[int, str], *, is_full: bool
    ) -> PersonRecord:
        seen = replace(person, wecom_userid=contact.userid, unreachable=_unreachable(person, contact))
        if is_full and person.source == SOURCE_WECOM:
            seen = replace(
                seen,
                name=contact.name or person.name,
                position=contact.position,
                mobile=contact.mobile or person.mobile,
                email=contact.email or person.email,
                state=PersonState.ACTIVE.value if person.state == PersonState.LEFT else person.state,
            )
        linked = set(codes.values())
        return _placed(seen, contact, codes, linked, is_full=is_full)

    def _missing(
        self, members: Mapping[str, Contact], seen: Mapping[str, PersonRecord]
    ) -> dict[str, PersonRecord]:
        """Persons with an account that WeCom does not show (any more)."""
        return {
            number: _lost(person)
            for number, person in self.stored.people.items()
            if person.wecom_userid
            and person.wecom_userid.lower() not in members
            and number not in seen
            and person.state != PersonState.LEFT
        }


class _Finder:
    """Who a member is: by account; without one by a staff number that is the userid, or by the mobile."""

    def __init__(self, stored: Roster) -> None:
        people = stored.people.values()
        self._by_account = {person.wecom_userid.lower(): person for person in people if person.wecom_userid}
        free = [person for person in people if not person.wecom_userid and person.state != PersonState.LEFT]
        self._by_number = {person.staff_no.lower(): person for person in free}
        self._by_mobile: dict[str, list[PersonRecord]] = {}
        for person in free:
            self._by_mobile.setdefault(person.mobile or "", []).append(person)
        self._taken: set[str] = set()

    def find(self, contact: Contact) -> PersonRecord | None:
        key = contact.userid.lower()
        if key in self._by_account:
            return self._by_account[key]
        same_mobile = self._by_mobile.get(contact.mobile, []) if contact.mobile else []
        found = self._by_number.get(key) or (same_mobile[0] if len(same_mobile) == 1 else None)
        if found is None or found.staff_no in self._taken:
            return None
        self._taken.add(found.staff_no)
        return found


def _is_gone(record: DepartmentRecord, found: Mapping[int, ContactDepartment]) -> bool:
    return record.wecom_id is not None and record.wecom_id not in found


def _unlinked(record: DepartmentRecord) -> DepartmentRecord:
    """Gone from WeCom: ours stays; what only WeCom knew is closed."""
    return replace(record, wecom_id=None, is_active=record.is_active and record.source == SOURCE_IMPORT)


def _linked(
    record: DepartmentRecord, row: ContactDepartment, parent: str, *, is_full: bool
) -> DepartmentRecord:
    linked = replace(record, wecom_id=row.id)
    if not is_full or record.source == SOURCE_IMPORT:
        return linked
    return replace(
        linked,
        name=row.name[:64],
        name_en=row.name_en[:128],
        parent=parent,
        sort_order=row.order,
        is_active=True,
    )


def _unreachable(person: PersonRecord, contact: Contact) -> str:
    """What WeCom says of the account. A missing licence is known only from sending: the next message finds it again."""
    if contact.status is None:
        return "" if person.unreachable == Unreachable.NOT_IN_WECOM else person.unreachable
    return STATUS[MemberStatus(contact.status)]


def _placed(
    person: PersonRecord,
    contact: Contact,
    codes: Mapping[int, str],
    linked: set[str],
    *,
    is_full: bool,
) -> PersonRecord:
    """The departments that WeCom names; those of ours that WeCom does not know are kept."""
    named = [codes[number] for number in contact.department_ids if number in codes]
    if not named:
        return person
    kept = [code for code in person.departments if code in named or code not in linked]
    places = list(dict.fromkeys([*kept, *named]))
    main = codes.get(contact.main_department_id or 0, "")
    if main not in places:
        main = person.department if person.department in places else places[0]
    leads = [code for code in places if code in person.leads]
    if is_full:
        headed = {codes[number] for number in contact.leads if number in codes}
        leads = [code for code in places if code in headed or (code in person.leads and code not in linked)]
    others = tuple(code for code in places if code != main)
    ordered = [code for code in (main, *others) if code in leads]
    return replace(person, department=main, other_departments=others, leads=tuple(ordered))


def _lost(person: PersonRecord) -> PersonRecord:
    if person.source == SOURCE_WECOM:
        return replace(person, state=PersonState.LEFT.value)
    return replace(person, unreachable=Unreachable.NOT_IN_WECOM.value)
