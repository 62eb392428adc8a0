"""Who may see a thing (知悉范围): includes minus exclusions over active persons.

There is one oracle: the facet table. `contains`, `member_ids` and `visible` are the same two sub-queries.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, delete, select, true
from sqlalchemy.orm import Session

from xinglin.api.i18n import translator
from xinglin.people.errors import AudienceRefused
from xinglin.people.facets import CHUNK, EVERYBODY, derive
from xinglin.people.models import (
    Audience,
    AudienceTerm,
    Department,
    Membership,
    Person,
    PersonFacet,
    PersonState,
    Role,
    Tag,
    Unreachable,
)

if TYPE_CHECKING:
    from pyramid.request import Request

    from xinglin.types import Clock

_ = translator("core")

TermKind = Literal["all", "department", "department_tree", "role", "tag", "person"]
PREFIXES: dict[str, TermKind] = {
    "d": "department",
    "D": "department_tree",
    "r": "role",
    "t": "tag",
    "p": "person",
}
LETTERS = {kind: letter for letter, kind in PREFIXES.items()}
TABLES: dict[str, Any] = {
    "department": Department,
    "department_tree": Department,
    "role": Role,
    "tag": Tag,
    "person": Person,
}
NAMES_SHOWN = 20
PERSONS_DESCRIBED = 3
LARGEST_ID = 2**63 - 1

EXCLUDED = "excluded"


@dataclass(frozen=True)
class Term:
    """One word of a rule. `id` is a database id, or the key of a role or the name of a tag; None for "all"."""

    kind: TermKind
    id: int | str | None = None


@dataclass(frozen=True)
class LeftOut:
    """Persons whom the includes name but who get nothing.

    `reason` is "excluded", "disabled", "left" or a value of `Unreachable`; `because` is the exclusion in words.
    """

    reason: str
    count: int
    names: tuple[str, ...]
    because: str = ""


@dataclass(frozen=True)
class DepartmentCount:
    """How many of those reached have this as their main department."""

    department_id: int | None
    name: str
    count: int


@dataclass(frozen=True)
class Preview:
    """What an audience would do: `matched` is always `reached` plus the counts of `left_out`."""

    matched: int
    reached: int
    left_out: tuple[LeftOut, ...]
    by_department: tuple[DepartmentCount, ...]


@dataclass(frozen=True)
class _Candidate:
    id: int
    name: str
    state: PersonState
    has_account: bool
    is_reachable: bool
    unreachable_reason: str
    department: tuple[int | None, str]


def visible(
    audience_id: SQLColumnExpression[int] | SQLColumnExpression[int | None],
    person_id: int,
    *,
    is_list: bool = False,
) -> ColumnElement[bool]:
    """SQL condition: this person belongs to the audience in that column. NULL, like an empty audience, is nobody.

    `person_id` may be a `bindparam` of a statement that is built once. `is_list`: of most of a table's rows it is asked
    at once, so the person's audiences are found first, and not looked up for each row.
    """
    is_named = audience_id.in_(_naming(person_id, is_exclusion=False))
    if is_list:
        is_named = is_named.is_(true())  # PostgreSQL makes no join of this
    return is_named & audience_id.not_in(_naming(person_id, is_exclusion=True))


def _naming(person_id: int, *, is_exclusion: bool) -> Select[int]:
    """The audiences of which a term names the person. Not correlated: found once, not for every row of a list."""
    term, facet = AudienceTerm.__table__.alias(), PersonFacet.__table__.alias()
    return (
        select(term.c.audience_id)
        .join(facet, facet.c.facet == term.c.facet)
        .where(facet.c.person_id == person_id, term.c.is_exclusion.is_(is_exclusion))
    )


class AudienceService:
    """Stores, explains and answers audiences. Needs a write session only for `store` and `replace`."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def store(self, includes: Sequence[Term], excludes: Sequence[Term] = ()) -> Audience:
        """A new audience. Raises `AudienceRefused` when nothing is included or a term names nothing."""
        facets = self._facets(includes), self._facets(excludes)
        self._require(facets[0])
        audience = Audience(created_at=self._clock.now())
        self._session.add(audience)
        self._session.flush()
        self._write(audience.id, *facets)
        return audience

    def replace(self, audience: Audience, includes: Sequence[Term], excludes: Sequence[Term] = ()) -> None:
        """Give an existing audience another rule. Raises like `store`."""
        facets = self._facets(includes), self._facets(excludes)
        self._require(facets[0])
        self._session.execute(delete(AudienceTerm).where(AudienceTerm.audience_id == audience.id))
        self._write(audience.id, *facets)

    def terms(self, audience: Audience) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
        """The includes and the exclusions, as a form shows them again."""
        includes, excludes = self._stored(audience.id)
        return tuple(map(_term_of, includes)), tuple(map(_term_of, excludes))

    def contains(self, audience_id: int, person_id: int) -> bool:
        """Whether this person may see what has this audience."""
        row = select(Audience.id).where(Audience.id == audience_id, visible(Audience.id, person_id))
        return self._session.scalar(row) is not None

    def member_ids(self, audience: Audience) -> list[int]:
        """The ids of all active persons in the audience, in ascending order."""
        included, excluded = (
            select(PersonFacet.person_id)
            .join(AudienceTerm, AudienceTerm.facet == PersonFacet.facet)
            .where(AudienceTerm.audience_id == audience.id, AudienceTerm.is_exclusion.is_(is_exclusion))
            for is_exclusion in (False, True)
        )
        found = set(self._session.scalars(included)) - set(self._session.scalars(excluded))
        return sorted(found)

    def describe(self, audience: Audience, locale: str = "zh_CN") -> str:
        """The rule in words, such as 儿科（含下级）、护士；不含：张三."""
        includes, excludes = self._stored(audience.id)
        words = WORDS.get(locale, WORDS["zh_CN"])
        text = self._words(includes, locale)
        return f"{text}{words.without}{self._words(excludes, locale)}" if excludes else text

    def preview(
        self, includes: Sequence[Term], excludes: Sequence[Term] = (), locale: str = "zh_CN"
    ) -> Preview:
        """Whom a rule would reach and whom not, and why; nothing is stored."""
        wanted, unwanted = self._facets(includes), self._facets(excludes)
        named = self._named({*wanted, *unwanted})
        people = self._candidates(set[int]().union(*(named[facet] for facet in wanted)))
        exclusions = {facet: named[facet] for facet in unwanted}
        outside: dict[tuple[str, str], list[str]] = defaultdict(list)
        reached: Counter[tuple[int | None, str]] = Counter()
        for person in people:
            reason = _reason(person, exclusions)
            if reason:
                outside[reason].append(person.name)
            else:
                reached[person.department] += 1
        left_out = tuple(
            LeftOut(
                reason, len(names), tuple(names[:NAMES_SHOWN]), self._words([facet], locale) if facet else ""
            )
            for (reason, facet), names in sorted(outside.items(), key=lambda item: -len(item[1]))
        )
        counts = tuple(DepartmentCount(*department, count) for department, count in reached.most_common())
        return Preview(len(people), reached.total(), left_out, counts)

    def _named(self, facets: set[str]) -> dict[str, set[int]]:
        """For each facet the persons in any state whom it names; those who are not active have none stored."""
        named: dict[str, set[int]] = {facet: set() for facet in facets}
        stored = select(PersonFacet.facet, PersonFacet.person_id).where(PersonFacet.facet.in_(facets))
        for facet, person_id in self._session.execute(stored):
            named[facet].add(person_id)
        for person_id, own in derive(self._session, None, [PersonState.DISABLED, PersonState.LEFT]).items():
            for facet in own & facets:
                named[facet].add(person_id)
        return named

    def _candidates(self, person_ids: set[int]) -> list[_Candidate]:
        main = select(
            Person.id,
            Person.name,
            Person.state,
            Person.wecom_userid_key,
            Person.is_reachable,
            Person.unreachable_reason,
            Department.id,
            Department.name,
        )
        rows = (
            main.outerjoin(Membership, (Membership.person_id == Person.id) & Membership.is_primary.is_(True))
            .outerjoin(Department, Department.id == Membership.department_id)
            .order_by(Person.pinyin, Person.id)
        )
        if len(person_ids) <= CHUNK:
            rows = rows.where(Person.id.in_(person_ids))
        return [_candidate(row) for row in self._session.execute(rows) if row[0] in person_ids]

    def _facets(self, terms: Iterable[Term]) -> list[str]:
        return list(dict.fromkeys(self._facet(term) for term in terms))

    def _facet(self, term: Term) -> str:
        if term.kind == "all":
            return EVERYBODY
        column, is_text = _key_column(term)
        is_possible = (
            isinstance(term.id, str) if is_text else isinstance(term.id, int) and 0 < term.id <= LARGEST_ID
        )
        table = TABLES[term.kind]
        found = self._session.scalar(select(table.id).where(column == term.id)) if is_possible else None
        if found is None:
            raise AudienceRefused(
                _(
                    "The audience names something that does not exist: ${kind} ${id}",
                    mapping={"kind": term.kind, "id": term.id},
                ),
                _("Take it out of the audience, or choose again."),
            )
        return f"{LETTERS[term.kind]}:{found}"

    def _require(self, includes: Sequence[str]) -> None:
        if not includes:
            raise AudienceRefused(
                _("The audience is empty."), _("Choose at least one department, role, tag or person.")
            )

    def _write(self, audience_id: int, includes: Sequence[str], excludes: Sequence[str]) -> None:
        for is_exclusion, facets in ((False, includes), (True, excludes)):
            self._session.add_all(
                AudienceTerm(audience_id=audience_id, facet=facet, is_exclusion=is_exclusion)
                for facet in facets
            )
        self._session.flush()

    def _stored(self, audience_id: int) -> tuple[list[str], list[str]]:
        rows = select(AudienceTerm).where(AudienceTerm.audience_id == audience_id).order_by(AudienceTerm.id)
        terms = self._session.scalars(rows).all()
        return [t.facet for t in terms if not t.is_exclusion], [t.facet for t in terms if t.is_exclusion]

    def _words(self, facets: Sequence[str], locale: str) -> str:
        words = WORDS.get(locale, WORDS["zh_CN"])
        parts = [words.everybody] if EVERYBODY in facets else []
        for letter, kind in PREFIXES.items():
            names = self._names(
                TABLES[kind], [int(facet[2:]) for facet in facets if facet.startswith(f"{letter}:")]
            )
            if kind == "department_tree":
                names = [words.tree.format(name) for name in names]
            if kind == "person" and len(names) > PERSONS_DESCRIBED:
                names = [words.persons.format(words.comma.join(names[:PERSONS_DESCRIBED]), len(names))]
            parts += names
        return words.comma.join(parts) or words.nobody

    def _names(self, table: Any, ids: Sequence[int]) -> list[str]:
        """Names in the order in which the ids were chosen; what is gone since is left out."""
        rows = self._session.execute(select(table.id, table.name).where(table.id.in_(ids)))
        names: dict[int, str] = {key: name for key, name in rows}  # noqa: C416 - a Row is not typed as a pair
        return [names[key] for key in ids if key in names]


@dataclass(frozen=True)
class _Words:
    everybody: str
    nobody: str
    tree: str
    persons: str
    comma: str
    without: str


WORDS = {
    "zh_CN": _Words("全院", "无人", "{}（含下级）", "{} 等 {} 人", "、", "；不含："),
    "en": _Words("everybody", "nobody", "{} (and below)", "{} and others, {} persons", ", ", "; without "),
}


def _key_column(term: Term) -> tuple[Any, bool]:
    """The column that the id of a term speaks of, and whether it holds text."""
    if isinstance(term.id, str) and term.kind in {"role", "tag"}:
        return (Role.key if term.kind == "role" else Tag.name), True
    return TABLES[term.kind].id, False


def _term_of(facet: str) -> Term:
    return Term("all") if facet == EVERYBODY else Term(PREFIXES[facet[0]], int(facet[2:]))


def _candidate(row: Any) -> _Candidate:
    person_id, name, state, account, is_reachable, why, department_id, department = row
    return _Candidate(
        person_id,
        name,
        PersonState(state),
        account is not None,
        is_reachable,
        why,
        (department_id, department or ""),
    )


def _reason(person: _Candidate, exclusions: dict[str, set[int]]) -> tuple[str, str] | None:
    """Why this person gets nothing, with the facet that excludes; None for a person who is reached."""
    if person.state is not PersonState.ACTIVE:
        return person.state.value, ""
    for facet, members in exclusions.items():
        if person.id in members:
            return EXCLUDED, facet
    if not person.has_account:
        return Unreachable.NO_ACCOUNT.value, ""
    if not person.is_reachable:
        return person.unreachable_reason or Unreachable.NOT_IN_WECOM.value, ""
    return None


def factory(context: object, request: Request) -> AudienceService:
    return AudienceService(request.db, request.clock)
