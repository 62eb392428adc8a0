from __future__ import annotations

import colander
import pytest

from xinglin.api.people import Term
from xinglin_news.schemas import AudienceSchema, ListQuery, term_text
from xinglin_news.views.inputs import BadInput, read


@pytest.mark.parametrize(
    "term",
    [Term("all"), Term("department_tree", 12), Term("department", 3), Term("person", 7), Term("role", 1)],
)
def test_a_term_survives_the_way_through_a_checkbox(term):
    found = AudienceSchema().deserialize({"include": [term_text(term)]})
    assert list(found["include"]) == [term]


@pytest.mark.parametrize(
    "value", ["", "all:1", "person", "person:", "person:x", "person:-1", "person:²", "drop:1", "p:1"]
)
def test_nonsense_terms_are_refused(value):
    with pytest.raises(colander.Invalid):
        AudienceSchema().deserialize({"include": [value]})


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999", "1e3"])
def test_addresses_typed_by_hand_are_refused_politely(page):
    with pytest.raises(BadInput):
        read(ListQuery(), {"page": page})
