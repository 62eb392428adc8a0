"""What a red head proves: that its text is the approved one, until the seal; and that nothing changes after it."""

import pytest
from tests.unit.xinglin_documents.official_desk import VALUES
from tests.unit.xinglin_documents.official_desk import desk as desk  # noqa: PLC0414 - a fixture
from tests.unit.xinglin_documents.test_official_operations import (
    Printer,
    attach,
    document_of,
    lines_of,
    with_head,
    worker,
)

from xinglin.files.models import StoredFile
from xinglin_documents.models import FormerHead, Instance
from xinglin_documents.service.engine.commands import Act
from xinglin_documents.service.flow.errors import ActRefused
from xinglin_documents.service.flow.values import Asked
from xinglin_documents.service.official.errors import OfficialRefused
from xinglin_documents.service.operations import OUTDATED, Operation, standing

OTHER = {**VALUES, "body": "全新的正文"}


def act(desk, item, number, what, **how):
    flow = desk.hospital.as_(number)
    entry = flow.show(item.public_id).entry
    return flow.act(item.public_id, Asked(what, task=entry.task if entry else "", **how))


def at_seal(desk, printer):
    """A document whose red head is made and that waits for its seal."""
    item = with_head(desk, printer)
    desk.approve(item, "1002")
    desk.approve(item, "1002")
    return item


def sealed(desk):
    item = at_seal(desk, Printer())
    desk.do(item, Operation.SEAL)
    desk.approve(item, "1002")
    return item


def rewritten(desk, printer, values=OTHER):
    """Returned to its starter before the seal, sent again with other values, approved again, numbered already."""
    item = at_seal(desk, printer)
    act(desk, item, "1002", Act.RETURN, to="start", opinion="改正文")
    act(desk, item, "1003", Act.RESUBMIT, values=values)
    desk.approve(item, "1001")
    desk.approve(item, "1002")
    return item


def test_a_head_of_another_text_neither_passes_its_step_nor_is_sealed(desk):
    printer = Printer()
    item = rewritten(desk, printer)
    old = document_of(desk, item).final_file_id
    found = standing(desk.hospital.session, item.id)
    assert Operation.RED_HEAD not in found.done
    assert found.problem == OUTDATED
    with pytest.raises(ActRefused):
        desk.approve(item, "1002")
    with pytest.raises(OfficialRefused, match="comes first"):
        desk.do(item, Operation.SEAL)
    desk.do(item, Operation.RED_HEAD)
    worker(desk, printer).run()
    desk.approve(item, "1002")
    desk.do(item, Operation.SEAL)
    assert "全新的正文" in lines_of(printer.given[-1])
    session = desk.hospital.session
    assert [one.file_id for one in session.query(FormerHead).filter_by(item_id=item.id)] == [old]
    assert session.get(StoredFile, old) is not None
    assert document_of(desk, item).final_file_id != old


def test_a_head_whose_approval_was_given_anew_is_made_anew(desk):
    item = rewritten(desk, Printer(), VALUES)
    assert Operation.RED_HEAD not in standing(desk.hospital.session, item.id).done


def test_an_attachment_that_comes_after_the_head_makes_it_outdated(desk):
    item = at_seal(desk, Printer())
    attach(desk, item, "drafts", "附表.txt", 1)
    with pytest.raises(OfficialRefused, match="comes first"):
        desk.do(item, Operation.SEAL)


def test_a_form_that_changes_while_the_worker_waits_gives_no_head(desk):
    item, printer = at_seal(desk, Printer()), Printer()
    desk.do(item, Operation.RED_HEAD)
    desk.hospital.session.get_one(Instance, item.id).values = OTHER
    desk.hospital.session.flush()
    worker(desk, printer).run()
    document = document_of(desk, item)
    assert printer.given == []
    assert (document.final_file_id, document.head_due_at) == (None, None)
    assert "changed while" in document.head_problem


@pytest.mark.parametrize("target", ["start", "signing", ""])
def test_after_the_seal_nothing_goes_where_the_form_can_change(desk, target):
    definition = desk.hospital.definitions.live("outgoing")
    is_editable = any(right == "edit" for right in definition.sign("signing").fields.values())
    item = sealed(desk)
    if target == "signing" and not is_editable:
        act(desk, item, "1002", Act.RETURN, to=target, opinion="请再看一次")
        assert item.step == "signing审批"
        return
    with pytest.raises(ActRefused, match="is sealed") as refused:
        act(desk, item, "1002", Act.RETURN, to=target, opinion="改")
    assert refused.value.status == 409


def test_after_the_seal_its_starter_cannot_withdraw_it(desk):
    item = sealed(desk)
    with pytest.raises(ActRefused, match="is sealed"):
        act(desk, item, "1003", Act.WITHDRAW)
    assert item.step == "send审批"


def test_after_the_seal_no_file_comes_to_it(desk):
    item = sealed(desk)
    desk.do(item, Operation.DISTRIBUTE, to=recipients(desk))
    with pytest.raises(ActRefused, match="is sealed"):
        act(desk, item, "1002", Act.APPROVE, files={"drafts": ("x",)})
    desk.approve(item, "1002")


def recipients(desk):
    from xinglin_documents.service.official.distributing import Recipients

    return Recipients(persons=(desk.hospital.person("1005").id,))
