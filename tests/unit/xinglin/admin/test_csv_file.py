"""Cells that a spreadsheet would calculate stay text."""

from __future__ import annotations

import csv
import io

import pytest

from xinglin.admin import csv_file


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", " ="])
def test_what_begins_like_a_formula_gets_an_apostrophe(start):
    assert csv_file.harmless(f"{start}1") == f"'{start}1"


@pytest.mark.parametrize("value", ["", "李护士", "a=b", "{}", 7])
def test_other_cells_stay_as_they_are(value):
    assert csv_file.harmless(value) == str(value)


def test_the_file_can_be_read_back():
    text = csv_file.text_of(("a", "b"), [('x"y', None), ("一\n二", "=1")])
    assert text.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(text[1:]))) == [["a", "b"], ['x"y', ""], ["一\n二", "'=1"]]
