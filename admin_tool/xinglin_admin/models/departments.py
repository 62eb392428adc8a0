"""The organisation tree with a box at each department; a ticked department covers all below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from xinglin_admin.api.models import Department
from xinglin_admin.locale.texts import Texts

AnyIndex = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_CHECK = Qt.ItemDataRole.CheckStateRole


class DepartmentTreeModel(QAbstractItemModel):
    """Indexes carry the position of the department in the flat list as their internal id."""

    ticked = Signal()

    def __init__(self, texts: Texts) -> None:
        super().__init__()
        self._texts = texts
        self._departments: tuple[Department, ...] = ()
        self._parents: list[int | None] = []
        self._children: dict[int | None, list[int]] = {}
        self._ticked: set[int] = set()

    def show(self, departments: Sequence[Department]) -> None:
        """Departments whose parent is not in the list stand at the top. Ticks are kept by id."""
        kept = {self._departments[position].id for position in self._ticked}
        self.beginResetModel()
        self._departments = tuple(departments)
        positions = {department.id: position for position, department in enumerate(self._departments)}
        self._parents = [positions.get(department.parent_id or "") for department in self._departments]
        self._children = {}
        for position, parent in enumerate(self._parents):
            self._children.setdefault(parent, []).append(position)
        self._ticked = {positions[key] for key in kept if key in positions}
        self.endResetModel()

    def chosen(self) -> tuple[Department, ...]:
        """The ticked departments, in the order of the tree; those below them are covered, not listed."""
        return tuple(self._departments[position] for position in sorted(self._ticked))

    def clear(self) -> None:
        self._ticked.clear()
        self._changed()

    def rowCount(self, parent: AnyIndex = _NOWHERE) -> int:  # noqa: N802  (Qt)
        return len(self._children.get(_position(parent), ()))

    def columnCount(self, parent: AnyIndex = _NOWHERE) -> int:  # noqa: N802  (Qt)
        return 1

    def index(self, row: int, column: int, parent: AnyIndex = _NOWHERE) -> QModelIndex:
        children = self._children.get(_position(parent), ())
        is_inside = 0 <= row < len(children) and column == 0
        return self.createIndex(row, column, children[row]) if is_inside else QModelIndex()

    def parent(self, index: AnyIndex = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        position = _position(index)
        above = self._parents[position] if position is not None else None
        if above is None:
            return QModelIndex()
        return self.createIndex(self._children[self._parents[above]].index(above), 0, above)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        position = _position(index)
        if position is None:
            return None
        department = self._departments[position]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                row = self._texts.dialog.department_row
                return row.format(name=department.name, count=department.people_count)
            case Qt.ItemDataRole.CheckStateRole:
                return self._tick_of(position)
        return None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802  (Qt)
        position = _position(index)
        if position is None or role != _CHECK or self._is_covered(position):
            return False
        if Qt.CheckState(value) is Qt.CheckState.Checked:
            self._ticked -= self._below(position)
            self._ticked.add(position)
        else:
            self._ticked.discard(position)
        self._changed()
        return True

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        position = _position(index)
        if position is None:
            return Qt.ItemFlag.NoItemFlags
        if self._is_covered(position):
            return Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable

    def _tick_of(self, position: int) -> Qt.CheckState:
        if position in self._ticked or self._is_covered(position):
            return Qt.CheckState.Checked
        return (
            Qt.CheckState.PartiallyChecked
            if self._ticked & self._below(position)
            else Qt.CheckState.Unchecked
        )

    def _is_covered(self, position: int) -> bool:
        above = self._parents[position]
        while above is not None:
            if above in self._ticked:
                return True
            above = self._parents[above]
        return False

    def _below(self, position: int) -> set[int]:
        found: set[int] = set()
        waiting = list(self._children.get(position, ()))
        while waiting:
            child = waiting.pop()
            found.add(child)
            waiting += self._children.get(child, ())
        return found

    def _changed(self) -> None:
        """Boxes above and below change with the one that was ticked, so all are announced, family by family."""
        for parent, children in self._children.items():
            row = self._children[self._parents[parent]].index(parent) if parent is not None else 0
            above = self.createIndex(row, 0, parent) if parent is not None else QModelIndex()
            self.dataChanged.emit(self.index(0, 0, above), self.index(len(children) - 1, 0, above))
        self.ticked.emit()


def _position(index: AnyIndex) -> int | None:
    return int(index.internalId()) if index.isValid() else None
