"""Who reaches the portal from where, and signing a person out on every device."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from xinglin_admin.api.models import Role
from xinglin_admin.api.protection import ZoneRule, Zones
from xinglin_admin.context import Context
from xinglin_admin.locale.texts import Texts
from xinglin_admin.models.protection import rule_columns
from xinglin_admin.models.rows import ROW_ROLE, RowsModel
from xinglin_admin.pages.page import Page
from xinglin_admin.theme import Tone
from xinglin_admin.widgets.button import button
from xinglin_admin.widgets.confirmation import ask
from xinglin_admin.widgets.labels import label
from xinglin_admin.widgets.named import named
from xinglin_admin.widgets.person_picker import PersonPicker
from xinglin_admin.widgets.table import table

_PICKER_WIDTH = 280


class AccessPage(Page):
    nav_name = "navAccess"
    roles = frozenset({Role.SECURITY})

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        words = context.texts.access
        self._zones: Zones | None = None
        self._model: RowsModel[ZoneRule] = RowsModel(rule_columns(context.texts))
        self._table = table("zoneTable", self._model, context.settings, [140, 120, 190], wide=2)
        self._table.selectionModel().selectionChanged.connect(self._on_selection)
        self._address = label(role="small", name="yourAddress")
        self._zone = named("zoneBox", QComboBox())
        self._network = named("networkField", QLineEdit(placeholderText=words.network_hint, maxLength=49))
        self._note = named("noteField", QLineEdit(placeholderText=words.note, maxLength=120))
        self._add = button(words.add, "addNetwork", self._on_add, role="primary")
        self._remove = button(words.remove, "removeNetwork", self._ask_to_remove, role="danger")
        self._picker = PersonPicker(context)
        self._picker.chosen.connect(self._on_person)
        self._picker.failed.connect(lambda error: self.explain(error, self._picker.search))
        self._end = button(words.end, "endSessions", self._ask_to_end, role="danger")
        self._network.textChanged.connect(lambda text: self._add.setEnabled(bool(text.strip())))
        self._network.returnPressed.connect(self._on_add)
        for waiting in (self._add, self._remove, self._end):
            waiting.setEnabled(False)
        self._lay_out()

    @staticmethod
    def title(texts: Texts) -> str:
        return texts.access.title

    @staticmethod
    def subtitle(texts: Texts) -> str:
        return texts.access.subtitle

    def refresh(self) -> None:
        self.load(self.context.client.zones, self._show, self.refresh)

    def focus_filter(self) -> None:
        self._picker.field.setFocus()
        self._picker.field.selectAll()

    def _show(self, zones: Zones) -> None:
        words = self.context.texts.access
        chosen = self._zone.currentData()
        self._zones = zones
        self._model.show(zones.rules)
        self._zone.clear()
        for name in zones.names:
            self._zone.addItem(words.name_of(name), name)
        self._zone.setCurrentIndex(max(0, self._zone.findData(chosen)))
        self._address.setText(words.your_address.format(address=zones.your_address))
        self._on_selection()
        if zones.openings:
            self.notice.say(words.open_now.format(groups=", ".join(zones.openings)), Tone.WARNING)

    def _selected(self) -> ZoneRule | None:
        rows = self._table.selectionModel().selectedRows()
        return rows[0].data(ROW_ROLE) if rows else None

    def _on_selection(self) -> None:
        self._remove.setEnabled(self._selected() is not None)

    def _on_person(self) -> None:
        self._end.setEnabled(self._picker.person() is not None)

    def _networks(self, zone: str) -> list[tuple[str, str]]:
        rules = self._zones.rules if self._zones else ()
        return [(rule.cidr, rule.note) for rule in rules if rule.zone == zone]

    def _on_add(self) -> None:
        network = self._network.text().strip()
        if not network or self._zones is None:
            return
        zone = self._zone.currentData()
        networks = [*self._networks(zone), (network, self._note.text().strip())]
        self._replace(zone, networks, self.context.texts.access.added.format(network=network))

    def _ask_to_remove(self) -> None:
        rule, words = self._selected(), self.context.texts.access
        if rule is None:
            return
        networks = [pair for pair in self._networks(rule.zone) if pair[0] != rule.cidr]
        said = words.removed.format(network=rule.cidr)
        ask(
            self,
            title=words.remove,
            question=words.remove_question.format(network=rule.cidr, zone=words.name_of(rule.zone)),
            consequence=words.remove_consequence if networks else words.last_consequence,
            yes=words.remove,
            no=self.context.texts.common.cancel,
            act=lambda: self._replace(rule.zone, networks, said),
        )

    def _replace(self, zone: str, networks: list[tuple[str, str]], said: str) -> None:
        def show(zones: Zones) -> None:
            self._network.clear()
            self._note.clear()
            self._show(zones)
            self.notice.say(said)

        self.load(lambda: self.context.client.replace_zone(zone, networks), show)

    def _ask_to_end(self) -> None:
        person, words = self._picker.person(), self.context.texts.access
        if person is None:
            return
        ask(
            self,
            title=words.end,
            question=words.end_question.format(person=person.name),
            consequence=words.end_consequence,
            yes=words.end,
            no=self.context.texts.common.cancel,
            act=lambda: self._end_now(person.id, person.name),
        )

    def _end_now(self, person_id: str, name: str) -> None:
        said = self.context.texts.access.ended.format(person=name)
        self.load(
            lambda: self.context.client.end_sessions(person_id),
            lambda _nothing: self.notice.say(said),
            lambda: self._end_now(person_id, name),
        )

    def _lay_out(self) -> None:
        texts = self.context.texts
        left = QVBoxLayout()
        left.addWidget(label(texts.access.zones, role="heading"))
        left.addWidget(self._table, 1)
        form = QHBoxLayout()
        form.addWidget(self._zone)
        form.addWidget(self._network, 1)
        form.addWidget(self._note, 1)
        form.addWidget(self._add)
        form.addWidget(self._remove)
        left.addLayout(form)
        left.addWidget(self._address)
        right = QWidget()
        right.setFixedWidth(_PICKER_WIDTH)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(label(texts.access.sessions, role="heading"))
        column.addWidget(self._picker, 1)
        column.addWidget(self._end)
        row = QHBoxLayout()
        row.setSpacing(18)
        row.addLayout(left, 1)
        row.addWidget(right)
        self.body.addLayout(row, 1)
        refresh = button(texts.common.refresh, "refreshZones", self.refresh, tip=texts.common.refresh_tip)
        self.actions_row.addWidget(refresh)
