"""What people type becomes exact values, wrong things are refused in words, and nothing hidden reaches the browser."""

from __future__ import annotations

from datetime import UTC, date, datetime, timezone
from decimal import Decimal

import colander
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.functional.documents.filling import PURCHASE
from tests.unit.xinglin_documents.filling_hospital import Hospital

from xinglin.api.people import PersonState
from xinglin_documents.service.engine.definition import Choice, FieldKind, FormField, Right
from xinglin_documents.service.forms import form_schema, rights_of, with_totals
from xinglin_documents.service.forms.schema import node_of

CHOICES = tuple(Choice(key, key) for key in ("a", "b", "c"))


@pytest.fixture
def hospital(session, clock, audit, keyring, tmp_path):
    return Hospital.build(session, clock, audit, keyring, tmp_path)


def read(hospital, typed, kind, **limits):
    """The value of one field as typed."""
    return node_of(FormField("field", "字段", kind, **limits), hospital.needs()).deserialize(typed)


def refusal(hospital, typed, kind, **limits):
    with pytest.raises(colander.Invalid) as refused:
        read(hospital, typed, kind, is_required=True, **limits)
    return "; ".join(one.interpolate() for one in refused.value.messages())


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("1,200.5", FieldKind.MONEY, "1200.50"),
        ("１２００．５", FieldKind.MONEY, "1200.50"),
        ("¥ 0", FieldKind.MONEY, "0.00"),
        ("-0", FieldKind.NUMBER, "0"),
        ("37.50", FieldKind.NUMBER, "37.50"),
        ("2026-11-23", FieldKind.DATE, "2026-11-23"),
        ("2026-11-23T09:00+08:00", FieldKind.MOMENT, "2026-11-23T01:00:00+00:00"),
        ("", FieldKind.MONEY, ""),
        (" 雾化器 ", FieldKind.TEXT, "雾化器"),
        (colander.null, FieldKind.PERSONS, []),
        (colander.null, FieldKind.PERSON, None),
        ("true", FieldKind.YES_NO, True),
        (colander.null, FieldKind.YES_NO, False),
    ],
)
def test_what_is_typed_is_kept_exactly(hospital, typed, kind, value):
    assert read(hospital, typed, kind) == value


def test_choices_keep_the_order_of_the_process(hospital):
    assert read(hospital, ("c", "a"), FieldKind.CHOICES, choices=CHOICES) == ["a", "c"]


@pytest.mark.parametrize(
    ("typed", "kind", "limits", "words"),
    [
        ("12.345", FieldKind.MONEY, {}, "at most two decimals"),
        ("十二", FieldKind.MONEY, {}, "Enter a number"),
        ("nan", FieldKind.NUMBER, {}, "Enter a number"),
        ("1e5", FieldKind.NUMBER, {}, "Enter a number"),
        ("1" * 16, FieldKind.NUMBER, {}, "too large"),
        ("0.1234567", FieldKind.NUMBER, {}, "too many decimals"),
        ("0", FieldKind.NUMBER, {"min": 1}, "at least"),
        ("9.01", FieldKind.MONEY, {"max": 9}, "at most"),
        ("2026-02-30", FieldKind.DATE, {}, "choose a date"),
        ("0202-11-23", FieldKind.DATE, {}, "check the year"),
        ("soon", FieldKind.MOMENT, {}, "date and a time"),
        ("d", FieldKind.CHOICE, {"choices": CHOICES}, "from the list"),
        (("a", "d"), FieldKind.CHOICES, {"choices": CHOICES}, "from the list"),
        (("a", "b"), FieldKind.CHOICES, {"choices": CHOICES, "most": 1}, "At most"),
        ("单玉梅; 10021", FieldKind.PERSONS, {"most": 1}, "At most"),
        ("华佗", FieldKind.PERSON, {}, "Nobody here is"),
        ("X9", FieldKind.DEPARTMENT, {}, "from the list"),
        ("一二三四", FieldKind.TEXT, {"max_length": 3}, "Longer than"),
        ("", FieldKind.MONEY, {}, "Required"),
        ([], FieldKind.ROWS, {}, "Shorter than"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(hospital, typed, kind, limits, words):
    assert words in refusal(hospital, typed, kind, **limits)


def test_two_of_one_name_are_told_apart(hospital):
    sentence = refusal(hospital, "王丽", FieldKind.PERSON)
    assert "Several are meant" in sentence
    assert "王丽 10021 (儿科)" in sentence
    assert "王丽 20001 (药学部)" in sentence
    for typed in ("王丽 20001", "20001"):
        assert read(hospital, typed, FieldKind.PERSON) == hospital.person("20001").id


def test_persons_and_departments_are_kept_as_ids_in_their_order(hospital):
    ids = [hospital.person(one).id for one in ("20001", "10011")]
    assert read(hospital, "20001；单玉梅; 20001", FieldKind.PERSONS) == ids
    pharmacy = read(hospital, "O", FieldKind.DEPARTMENT)
    assert hospital.directory("en").department(pharmacy).code == "O"
    assert ("O", "\u3000Pharmacy") in hospital.directory("en").departments()


def test_who_has_left_cannot_be_chosen(hospital):
    hospital.people.change_state(hospital.person("20001"), PersonState.LEFT, "test")
    assert "Nobody here is" in refusal(hospital, "20001", FieldKind.PERSON)
    assert read(hospital, "王丽", FieldKind.PERSON) == hospital.person("10021").id


def test_a_node_reads_what_its_process_does_not_let_it_edit(hospital):
    rights = rights_of(PURCHASE, "finance")
    assert rights["fund"] is Right.EDIT
    assert rights["title"] is Right.READ
    assert rights["buyer"] is Right.HIDE
    assert rights_of(PURCHASE, "start")["title"] is Right.EDIT
    assert rights_of(PURCHASE, "start")["fund"] is Right.HIDE
    assert rights_of(PURCHASE, "gone")["title"] is Right.READ
    schema = form_schema(PURCHASE, rights, hospital.needs(), {"title": "雾化器"})
    assert "buyer" not in schema
    assert schema["title"].deserialize(colander.null) is colander.drop


ROWS = st.lists(
    st.fixed_dictionaries({"amount": st.decimals(0, 10**9, places=2).map(lambda one: f"{one:f}")}), max_size=8
)


@given(rows=ROWS)
def test_a_total_is_the_exact_sum_whatever_was_posted(rows):
    totals = with_totals(PURCHASE, {"items": rows, "total": "1.00"})
    assert Decimal(totals["total"]) == sum((Decimal(row["amount"]) for row in rows), Decimal(0))
    assert "." in totals["total"]


def test_without_its_rows_a_total_is_left_alone():
    assert with_totals(PURCHASE, {"fund": "科研"}) == {"fund": "科研"}


def texts():
    safe = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf", "Mn", "Lm", "So"))
    return st.text(safe, max_size=60)


MOMENTS = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.just(timezone.utc))  # noqa: UP017
VALUES = st.fixed_dictionaries(
    {
        "title": texts(),
        "type": st.sampled_from(["equipment", "supplies"]),
        "needed": st.dates(date(1950, 1, 1), date(2150, 1, 1)).map(str),
        "meeting": MOMENTS.map(lambda one: one.replace(second=0, microsecond=0).isoformat()),
        "budget": st.booleans(),
        "ways": st.lists(st.sampled_from(["tender", "direct"]), unique=True),
        "items": st.lists(
            st.fixed_dictionaries(
                {
                    "name": st.sampled_from(["雾化器", "面罩 3M"]),
                    "count": st.integers(1, 10**6).map(str),
                    "amount": st.decimals(0, 10**8, places=2).map(lambda one: f"{one:f}"),
                }
            ),
            min_size=1,
            max_size=4,
        ),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(values=VALUES)
def test_values_stay_the_same_when_they_are_written_back(hospital, values):
    schema = form_schema(PURCHASE, rights_of(PURCHASE, "start"), hospital.needs())
    given_back = {key: value for key, value in values.items() if value not in ("", [])}
    first = deserialized(schema, given_back)
    assert deserialized(schema, first) == first
    for key in ("type", "needed", "meeting", "budget"):
        assert first[key] == values[key]
    assert [row["count"] for row in first["items"]] == [row["count"] for row in values["items"]]
    assert datetime.fromisoformat(first["meeting"]).tzinfo == UTC


def deserialized(schema, values):
    """Through what the browser would send: every field is shown and read again."""
    found = {}
    for node in schema:
        if node.name in ("csrf_token", "request_key"):
            continue
        shown = node.serialize(values[node.name]) if values.get(node.name) else colander.null
        value = node.deserialize(shown) if node.name != "title" or shown else ""
        if value is not colander.drop:
            found[node.name] = value
    return found
