"""The inbox: counts are the lengths of the lists, whatever happened; search, filters, order."""

from __future__ import annotations

import pytest
from tests.unit.xinglin_documents.flow_hospital import hospital as hospital  # noqa: PLC0414 - a fixture
from tests.unit.xinglin_documents.flow_hospital import sign

from xinglin_documents.models import (
    Box,
    DocumentNumber,
    Entry,
    InstanceFile,
    Item,
    Secrecy,
    Series,
    Urgency,
)
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.inbox.files import is_readable
from xinglin_documents.service.inbox.values import Tab, Wanted

APPROVE = Asked(Act.APPROVE)


def found(hospital, number, query="", **narrow):
    page = hospital.inbox(number).page(Wanted(query=query, **narrow))
    assert page.count == len(page.lines)
    return [line.item.id for line in page.lines]


def check_counts(hospital):
    for number in hospital.persons:
        inbox = hospital.inbox(number, page_size=100)
        lists = {tab: inbox.page(Wanted(tab)) for tab in Tab}
        assert {tab: len(page.lines) for tab, page in lists.items()} == dict(inbox.counts())
        assert {tab: page.count for tab, page in lists.items()} == dict(inbox.counts())


def test_counts_equal_lists_after_every_act(hospital):
    hospital.put_in("1002", "1004")
    hospital.put_in("1001", "1004", processes=("other",))
    hospital.start(secrecy=Secrecy.SECRET)
    item = hospital.start()
    acts = [
        ("1004", Asked(Act.APPROVE)),
        ("1003", Asked(Act.COPY, persons=(hospital.person("1001").id,))),
        ("1003", Asked(Act.RETURN, to="head")),
        ("1002", Asked(Act.APPROVE)),
        ("1003", Asked(Act.APPROVE)),
        ("1004", Asked(Act.APPROVE)),
        ("1001", Asked(Act.REJECT)),
    ]
    check_counts(hospital)
    for number, asked in acts:
        hospital.as_(number).act(item.public_id, asked)
        check_counts(hospital)
    hospital.as_("1001").acknowledge(item.public_id)
    hospital.as_("1005").track(item.public_id, is_wanted=True)
    check_counts(hospital)


def test_what_is_most_urgent_comes_first_and_then_the_newest(hospital):
    plain = hospital.start()
    hospital.tick()
    urgent = hospital.start(urgency=Urgency.URGENT)
    hospital.tick()
    most = hospital.start(urgency=Urgency.MOST_URGENT)
    hospital.tick()
    last = hospital.start()
    assert found(hospital, "1002") == [most.id, urgent.id, last.id, plain.id]


def test_a_deputys_processes_limit_what_she_gets(hospital):
    hospital.make("leave", sign("head", "1002"))
    leave, _request = hospital.start(key="leave"), hospital.start()
    hospital.put_in("1002", "1004", processes=("leave",))
    assert found(hospital, "1004") == [leave.id]


@pytest.mark.parametrize(
    "query",
    ["院发〔2026〕12号", "院发[2026]12", "院发（２０２６）１２号", "院发【2026】12", "暖箱", "仇英 暖箱"],
)
def test_search_finds_titles_starters_and_numbers_in_any_brackets(hospital, query):
    item, other = hospital.start(), hospital.start(values={"subject": "春节排班"})
    series = Series(key="yf", title="院发", pattern="院发〔{year}〕{number}号")
    hospital.session.add(series)
    hospital.session.flush()
    item.number = "院发〔2026〕12号"
    now, clerk = hospital.clock.now(), hospital.person("1005").id
    from xinglin_documents.service.official.spelling import fold

    hospital.session.add(
        DocumentNumber(
            series_id=series.id,
            year=2026,
            number=12,
            text=item.number,
            folded=fold(item.number),
            item_id=item.id,
            issued_by_id=clerk,
            issued_at=now,
        )
    )
    hospital.session.flush()
    assert found(hospital, "1002", query) == [item.id]
    assert found(hospital, "1002", "排班") == [other.id]


@pytest.mark.parametrize("query", ["%", "_", "100%", "\\"])
def test_signs_of_patterns_mean_themselves(hospital, query):
    hospital.start()
    meant = hospital.start(values={"subject": f"降价{query}的说明"})
    assert found(hospital, "1002", query) == [meant.id]


def test_filters_narrow_and_pages_follow_each_other(hospital):
    hospital.make("leave", sign("head", "1002"))
    leave = hospital.start(key="leave", urgency=Urgency.URGENT)
    items = []
    for _number in range(5):
        hospital.tick()
        items.append(hospital.start())
    assert found(hospital, "1002", process="leave") == [leave.id]
    assert found(hospital, "1002", urgency=Urgency.URGENT) == [leave.id]
    assert found(hospital, "1002", source="ecology") == []
    inbox = hospital.inbox("1002", page_size=4)
    first, second = inbox.page(Wanted(page=1)), inbox.page(Wanted(page=2))
    assert (first.count, first.has_more, second.has_more) == (6, True, False)
    shown = [line.item.id for line in (*first.lines, *second.lines)]
    assert shown == [leave.id, *(item.id for item in reversed(items))]


def test_documents_of_another_source_are_in_the_same_lists(hospital):
    hospital.start()
    now = hospital.clock.now()
    outside = Item(source="ecology", external_id="77", title="OA 里的公文", started_at=now, changed_at=now)
    hospital.session.add(outside)
    hospital.session.flush()
    person = hospital.person("1002").id
    hospital.session.add(Entry(item_id=outside.id, person_id=person, box=Box.TO_DO, task="9", arrived_at=now))
    hospital.session.flush()
    assert found(hospital, "1002", source="ecology") == [outside.id]
    assert hospital.inbox("1002").counts()[Tab.TO_DO] == 2


def test_a_file_is_for_those_who_may_see_the_document(hospital):
    import io

    person = hospital.person("1005")
    stored = hospital.files.save_attachment(
        "预算.txt", io.BytesIO(b"12 0000"), plugin="documents", uploaded_by=person.public_id
    )
    item = hospital.start(files={"papers": (stored.public_id,)})
    assert hospital.session.query(InstanceFile).one().instance_id == item.id
    readable = {
        number: is_readable(hospital.session, hospital.looker(number), stored) for number in hospital.persons
    }
    assert readable == {"1001": False, "1002": True, "1003": False, "1004": False, "1005": True}


def test_the_file_of_another_cannot_be_taken(hospital):
    import io

    stranger = hospital.person("1003").public_id
    stored = hospital.files.save_attachment(
        "预算.txt", io.BytesIO(b"12 0000"), plugin="documents", uploaded_by=stranger
    )
    with pytest.raises(Exception, match="not there any more"):
        hospital.start(files={"papers": (stored.public_id,)})
