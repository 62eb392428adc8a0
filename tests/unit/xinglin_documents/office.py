"""An office for the tests of time and board: colleagues by name, and documents in their boxes."""

from __future__ import annotations

from datetime import timedelta

from tests.functional.paediatrics import settle_in

from xinglin.api.people import AudienceService, Term
from xinglin.api.push import PushService
from xinglin.people.records import PersonRecord
from xinglin.push.models import Delivery, Message
from xinglin_documents.models import Box, Entry, Instance, Item, Process
from xinglin_documents.service.time.deputies import DeputyService, Wish


class Office:
    def __init__(self, session, clock, audit):
        self.session, self.clock, self.audit = session, clock, audit
        self.people = settle_in(session, clock, audit)
        self.push = PushService(session, clock, audit)
        self.deputies = DeputyService(session, clock, audit, self.push)
        self.count = 0
        session.add_all([Process(key="leave", title="请假"), Process(key="purchase", title="采购申请")])
        session.flush()

    def person(self, name, department="P"):
        self.count += 1
        record = PersonRecord(
            f"9{self.count:04}", name, department=department, wecom_userid=f"U9{self.count:04}"
        )
        person = self.people.create(record)
        person.confirmed_at = self.clock.now()
        return person

    def persons(self, *names):
        return [self.person(name) for name in names]

    def acts(self, principal, deputy, processes=(), *, starts=0, days=1, by=None):
        start = self.clock.now() + timedelta(days=starts)
        wish = Wish(principal.id, deputy.id, start, start + timedelta(days=days), tuple(processes))
        return self.deputies.set(wish, by or principal)

    def item(self, process="leave", title="请假条", **fields):
        self.count += 1
        now = self.clock.now()
        item = Item(
            external_id=f"x{self.count}",
            process_key=process,
            process_title=process,
            title=title,
            **{"started_at": now, "changed_at": now} | fields,
        )
        self.session.add(item)
        self.session.flush()
        return item

    def task(self, person, item=None, **fields):
        self.count += 1
        item = item or self.item()
        found = {"box": Box.TO_DO, "task": str(self.count), "node": "head", "arrived_at": self.clock.now()}
        entry = Entry(item_id=item.id, person_id=person.id, **found | fields)
        self.session.add(entry)
        self.session.flush()
        return entry

    def instance(self, item, definition_id):
        found = Instance(
            id=item.id, public_id=item.public_id, definition_id=definition_id, state={}, values={}
        )
        self.session.add(found)
        self.session.flush()
        return found

    def audience(self, *persons):
        return AudienceService(self.session, self.clock).store([Term("person", one.id) for one in persons])

    def told(self, person):
        """Titles and texts of the messages to this person, the oldest first."""
        query = (
            self.session.query(Message)
            .join(Delivery, Delivery.message_id == Message.id)
            .filter(Delivery.person_id == person.id)
            .order_by(Message.id)
        )
        return [(message.title, message.description) for message in query]
