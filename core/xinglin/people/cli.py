"""`xinglin people …`: the staff import, WeCom's contacts, roles."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xinglin.api.i18n import translator
from xinglin.kernel.i18n import Words
from xinglin.people import batch, excel, report, tasks
from xinglin.people.errors import PeopleRefused
from xinglin.people.importing import ImportService, Plan
from xinglin.people.problems import FileRefused
from xinglin.people.progress import POINTS, Progress
from xinglin.people.records import PERSON
from xinglin.people.service import PeopleService
from xinglin.people.sync import SyncPlan
from xinglin.wecom.client import WeComError

if TYPE_CHECKING:
    from xinglin.kernel.cli_context import CliContext

_ = translator("core")
LOCALE_FOLDER = Path(__file__).resolve().parent.parent / "locale"
ALLOW = click.option("--allow-removals", is_flag=True, help="More than 5 % of the active people may go.")
YES = click.option("--yes", is_flag=True, help="Do not ask.")


class Speaker:
    """Says sentences in the site's language."""

    def __init__(self, context: CliContext) -> None:
        self._words = Words([LOCALE_FOLDER])
        self._locale = context.settings.default_locale

    def translate(self, text: str) -> str:
        return self._words.translate(text, self._locale)

    def say(self, text: str) -> None:
        click.echo(self.translate(text))

    @contextmanager
    def bar(self, label: str, length: int = POINTS) -> Iterator[Progress]:
        """A bar on stderr; it is full when the errand is done, even with fewer steps than were foreseen."""
        length = max(length, 1)
        with click.progressbar(length=length, label=self.translate(label), file=sys.stderr) as shown:
            yield shown.update
            shown.update(length - shown.pos)

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """A refusal becomes sentences on stderr and exit code 1."""
        try:
            yield
        except FileRefused as refused:
            for line in report.problem_lines(refused, self.translate):
                click.echo(line, err=True)
            raise click.exceptions.Exit(1) from None
        except PeopleRefused as refused:
            click.echo(f"{self.translate(refused.message)} {self.translate(refused.cure)}", err=True)
            raise click.exceptions.Exit(1) from None
        except WeComError as error:
            click.echo(str(error), err=True)
            raise click.exceptions.Exit(1) from None


@click.group()
def people() -> None:
    """People: import the staff workbook, take over WeCom's contacts."""


@people.command()
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def template(context: CliContext, target: Path) -> None:
    """Write an empty staff workbook."""
    speaker = Speaker(context)
    if target.exists():
        click.echo(speaker.translate(_("${file} exists already.", mapping={"file": target})), err=True)
        raise click.exceptions.Exit(1)
    excel.write_template(target)
    speaker.say(_("The template is in ${file}.", mapping={"file": target}))


@people.command("import")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=False)
@click.option("--dry-run", is_flag=True, help="Show the differences; write nothing.")
@click.option("--undo", "undo_id", metavar="ID", help="Put back what this import changed.")
@YES
@ALLOW
@click.pass_obj
def import_(
    context: CliContext,
    source: Path | None,
    undo_id: str | None,
    *,
    dry_run: bool,
    yes: bool,
    allow_removals: bool,
) -> None:
    """Import a staff workbook (.xlsx) or people as .csv: show the differences, ask, apply in one transaction."""
    speaker = Speaker(context)
    if (source is None) == (undo_id is None):
        raise click.UsageError("give a FILE, or --undo ID")
    with speaker.refusals():
        if source is None:
            _undo(context, speaker, str(undo_id), is_sure=yes)
            return
        with speaker.bar(_("Reading the file")) as progress:
            plan = tasks.plan_import(context, source, progress)
        for line in report.plan_lines(plan, speaker.translate):
            click.echo(line)
        if not allow_removals:
            plan.refuse_removals()
        if not dry_run and plan.changes:
            _apply(context, speaker, source, plan, is_sure=yes, allow_removals=allow_removals)


def _apply(
    context: CliContext, speaker: Speaker, source: Path, plan: Plan, *, is_sure: bool, allow_removals: bool
) -> None:
    if not is_sure:
        click.confirm(speaker.translate(_("Apply these changes?")), abort=True)
    persons = sum(change.kind == PERSON for change in plan.changes)
    with speaker.bar(_("Writing"), persons) as progress:
        run = tasks.import_workbook(
            context, source, allow_removals=allow_removals, expected=plan, progress=progress
        )
    if run is not None:  # pragma: no branch - a plan with changes always makes a run
        speaker.say(_("Done. To undo: xinglin people import --undo ${id}", mapping={"id": run.public_id}))


def _undo(context: CliContext, speaker: Speaker, public_id: str, *, is_sure: bool) -> None:
    if not is_sure:
        click.confirm(speaker.translate(_("Undo the import ${id}?", mapping={"id": public_id})), abort=True)
    with speaker.bar(_("Undoing"), tasks.steps_of_undo(context, public_id)) as progress:
        run = tasks.undo_import(context, public_id, progress)
    speaker.say(_("Undone: ${count} changes.", mapping={"count": len(run.changes)}))


@people.command()
@click.pass_obj
def imports(context: CliContext) -> None:
    """List the latest imports and syncs."""
    speaker = Speaker(context)
    with context.session() as (session, audit):
        for run in ImportService(session, context.clock, audit).runs():
            at = run.applied_at.astimezone(context.settings.zone).strftime("%Y-%m-%d %H:%M")
            undone = speaker.translate(_("undone")) if run.undone_at else ""
            click.echo(
                f"{run.public_id}  {at}  {run.applied_by}  {run.source}  {len(run.changes)}  {undone}".rstrip()
            )


@people.command()
@click.argument("key")
@click.argument("name")
@click.pass_obj
def role(context: CliContext, key: str, name: str) -> None:
    """Add a role of your own: KEY in Latin letters, NAME as people read it."""
    speaker = Speaker(context)
    with speaker.refusals(), context.session() as (session, audit):
        PeopleService(session, context.clock, audit).add_role(key, name)
    speaker.say(_("The role ${name} was added.", mapping={"name": name}))


@people.command()
@click.option("--create-unknown", is_flag=True, help="Members whom the hospital does not know become people.")
@ALLOW
@click.pass_obj
def sync(context: CliContext, *, create_unknown: bool, allow_removals: bool) -> None:
    """Take over from WeCom who has an account, in which departments, and who can be reached."""
    speaker = Speaker(context)
    with speaker.refusals(), speaker.bar(_("Reading the contacts of WeCom")) as progress:
        found = tasks.sync_from_wecom(
            context,
            allow_removals=allow_removals,
            create_unknown=create_unknown or None,
            progress=progress,
        )
    report_sync(speaker, found)


def report_sync(speaker: Speaker, found: SyncPlan) -> None:
    """What a sync did, and what it could not place."""
    for line in report.plan_lines(found.plan, speaker.translate):
        click.echo(line)
    if found.unknown:
        speaker.say(
            _(
                "${count} members of WeCom are unknown to the hospital; import them: ${names}",
                mapping={"count": len(found.unknown), "names": "、".join(found.unknown[:20])},
            )
        )
    if found.unlinked:
        speaker.say(
            _(
                "${count} departments of WeCom are not linked with ours: ${names}",
                mapping={"count": len(found.unlinked), "names": "、".join(found.unlinked[:20])},
            )
        )


@people.command("create-in-wecom")
@YES
@click.pass_obj
def create_in_wecom(context: CliContext, *, yes: bool) -> None:
    """Create the active people who have no account yet in WeCom."""
    speaker = Speaker(context)
    with context.database.read_session() as session:
        planned = batch.plan_batch(session)
    for skipped in planned.skipped:
        click.echo(f"{skipped.staff_no} {skipped.name}: {speaker.translate(skipped.reason)}")
    speaker.say(_("To be created in WeCom: ${count}", mapping={"count": len(planned.userids)}))
    if planned.userids:
        if not yes:
            click.confirm(speaker.translate(_("Create them?")), abort=True)
        with speaker.refusals():
            _create(context, speaker, planned)


def _create(context: CliContext, speaker: Speaker, planned: batch.Batch) -> None:
    client = tasks.client_of(context)
    jobid = client.create_members_batch(planned.csv)
    label = speaker.translate(_("WeCom is working"))
    with click.progressbar(length=POINTS, label=label, file=sys.stderr) as bar:
        result = batch.wait_for(client, jobid, time.sleep, lambda percent: bar.update(percent - bar.pos))
    if result is None:
        speaker.say(_("WeCom is still working; the result comes by callback."))
        return
    with context.session() as (session, audit):
        service = ImportService(session, context.clock, audit)
        created = batch.record_result(session, service, jobid, result.rows)
    for row in result.rows:
        if row.code:
            click.echo(f"{row.userid}: {speaker.translate(batch.reason_of(row))}")
    speaker.say(_("Created: ${count}", mapping={"count": created}))
