"""Numbers: in order, by the hospital's year, reserved, used, voided, found however they are typed."""

from datetime import UTC, datetime

import pytest
from tests.unit.xinglin_documents.official_desk import desk as desk  # noqa: PLC0414 - a fixture

from xinglin.api.services import NotFound
from xinglin_documents.models import DocumentNumber, NumberState, OfficialDocument
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.official.desk import Desk
from xinglin_documents.service.official.errors import OfficialRefused
from xinglin_documents.service.official.reach import Reach
from xinglin_documents.service.official.spelling import fold
from xinglin_documents.service.operations import Operation

BEFORE_MIDNIGHT = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
MIDNIGHT = datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC)
"""23:59:59 and 00:00:00 in Shanghai."""
SPELLINGS = (
    "院发〔2026〕1号",
    "院发［2026］1号",
    "院发[2026]1",
    "院发(2026)1号",
    "院发（２０２６）１号",
    "院发【2026】 1 号",
    "院 发 〔2026〕 1",
    "院发〖2026〗第1号",
    "院发﹝2026﹞001号",
    "院发{2026}1",
)


@pytest.mark.parametrize("typed", SPELLINGS)
def test_a_number_is_one_number_however_it_is_typed(typed):
    assert fold(typed) == "院发(2026)1"


def test_other_numbers_stay_other_numbers():
    assert (
        len(
            {
                fold(text)
                for text in ("院发〔2026〕1号", "院发〔2026〕10号", "护〔2026〕1号", "院发〔2025〕1号")
            }
        )
        == 4
    )


def test_a_year_begins_at_midnight_of_the_hospital(desk):
    numbers = desk.numbers()
    texts = [
        numbers.issue("yuanfa", desk.start(), moment).text
        for moment in (BEFORE_MIDNIGHT, BEFORE_MIDNIGHT, MIDNIGHT, MIDNIGHT)
    ]
    assert texts == ["院发〔2026〕1号", "院发〔2026〕2号", "院发〔2027〕1号", "院发〔2027〕2号"]


def test_a_document_keeps_its_number(desk):
    item = desk.start()
    first = desk.numbers().issue("yuanfa", item, MIDNIGHT)
    assert desk.numbers().issue("yuanfa", item, MIDNIGHT).id == first.id
    assert item.number == "院发〔2027〕1号"


def test_an_issue_that_is_rolled_back_leaves_no_gap(desk):
    session, item = desk.hospital.session, desk.start()
    with session.begin_nested() as savepoint:
        desk.numbers().issue("yuanfa", desk.start(), MIDNIGHT)
        savepoint.rollback()
    assert desk.numbers().issue("yuanfa", item, MIDNIGHT).number == 1


def test_a_reserved_number_is_used_later_and_stands_in_the_list_until_then(desk):
    numbers = desk.numbers()
    reserved = numbers.reserve("yuanfa", MIDNIGHT, "院务会文件")
    assert numbers.issue("yuanfa", desk.start(), MIDNIGHT).number == 2
    assert [one.text for one in numbers.page().waiting] == ["院发〔2027〕1号"]
    item = desk.start()
    numbers.use(reserved, item)
    assert (item.number, reserved.state, list(numbers.page().waiting)) == (
        "院发〔2027〕1号",
        NumberState.ISSUED,
        [],
    )
    with pytest.raises(OfficialRefused, match="not free"):
        numbers.use(reserved, desk.start())


def test_a_voided_number_stays_in_the_register_and_is_never_given_again(desk):
    numbers, item = desk.numbers(), desk.start()
    first = numbers.issue("yuanfa", item, MIDNIGHT)
    with pytest.raises(OfficialRefused, match="reason"):
        numbers.void(first, " ")
    numbers.void(first, "编号有误")
    assert item.number == ""
    assert numbers.issue("yuanfa", item, MIDNIGHT).text == item.number == "院发〔2027〕2号"
    kept = {one.text: (one.state, one.reason) for one in numbers.page().numbers}
    assert kept == {"院发〔2027〕2号": ("issued", ""), "院发〔2027〕1号": ("voided", "编号有误")}


def test_the_number_of_a_sealed_document_cannot_be_voided(desk):
    item = desk.start()
    desk.do(item, Operation.ISSUE_NUMBER)
    desk.hospital.session.get_one(OfficialDocument, item.id).locked_at = MIDNIGHT
    number = desk.numbers().of_item(item)
    with pytest.raises(OfficialRefused, match="sealed document"):
        desk.numbers().void(number, "x")
    assert number.state == NumberState.ISSUED


@pytest.mark.parametrize("typed", SPELLINGS)
def test_the_register_finds_every_spelling_and_no_longer_number(desk, typed):
    numbers = desk.numbers()
    for _count in range(12):
        numbers.issue("yuanfa", desk.start(), BEFORE_MIDNIGHT)
    found = [one.number for one in numbers.page(query=typed).numbers]
    assert found == ([1] if "号" in typed else [12, 11, 10, 1])


def test_an_office_of_one_department_keeps_its_own_series_only(desk):
    paediatrics = Reach(True, frozenset({desk.hospital.person("1002").memberships[0].department_id}))
    assert [one.key for one in desk.numbers().series()] == ["yuanfa", "hu"]
    narrow = desk.numbers(reach=paediatrics)
    assert [one.key for one in narrow.series()] == ["yuanfa"]
    with pytest.raises(OfficialRefused, match="Another office"):
        narrow.reserve("hu", MIDNIGHT, "")
    theirs = desk.numbers().reserve("hu", MIDNIGHT, "")
    with pytest.raises(NotFound):
        narrow.find(theirs.public_id)
    assert desk.hospital.session.query(DocumentNumber).count() == 1


def test_an_unknown_series_is_named(desk):
    with pytest.raises(OfficialRefused, match="no number series") as refused:
        desk.numbers().issue("nothing", desk.start(), MIDNIGHT)
    assert refused.value.cure


@pytest.mark.parametrize(
    "typed", ["院发2026-1", "院发〔二〇二六〕1号", "院发〔二零二六〕1", "院发2026－第1号"]
)
def test_a_year_with_a_dash_or_in_chinese_digits_is_the_same_year(typed):
    assert fold(typed) == "院发(2026)1"


def test_the_number_of_a_document_that_ended_unsealed_waits_to_be_voided(desk):
    item = desk.signed()
    desk.do(item, Operation.ISSUE_NUMBER)
    number = desk.numbers().of_item(item)
    assert desk.numbers().page().lost == []
    desk.hospital.as_("1001", is_manager=True).act(item.public_id, Asked(Act.TERMINATE, opinion="作废"))
    assert [one.text for one in desk.numbers().page().lost] == [number.text]
    assert Desk(desk.hospital.session).is_number_lost(item)
    desk.numbers().void(number, "文件未用印即已结束")
    assert desk.numbers().page().lost == []
    assert not Desk(desk.hospital.session).is_number_lost(item)
