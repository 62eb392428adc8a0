"""department/*: the tree of departments."""

from __future__ import annotations

from typing import Any

from xinglin_simulators.hospital.model import ROOT_ID

from .api import Answer, Call, endpoint
from .directory import PartyNode
from .errors import ApiError
from .state import Simulator

_FORBIDDEN = set('\\:?"<>|')
MAX_NAME = 32


def refuse_details(call: Call) -> None:
    """Since 2022-08-15 the sync secret reads ids only. Raises 48002 when that rule is on."""
    if call.grant.agent is None and call.simulator.switches.contact_fields == "ids_only":
        raise ApiError(48002)


def visible_parties(call: Call) -> set[int]:
    """Departments the token may see: all for the sync secret, else the app's visible range."""
    directory = call.simulator.directory
    agent = call.grant.agent
    if agent is None:
        return set(directory.parties)
    return {node for party in agent.visible_departments for node in directory.subtree(party)}


def _nodes(call: Call) -> list[PartyNode]:
    directory = call.simulator.directory
    wanted = call.query.get("id", "")
    start = int(wanted) if wanted.isdigit() else ROOT_ID
    if start not in directory.parties:
        raise ApiError(60003)
    visible = visible_parties(call)
    nodes = [number for number in directory.subtree(start) if number in visible]
    if not nodes:
        raise ApiError(60011)
    return [directory.parties[number] for number in nodes]


def _row(node: PartyNode) -> dict[str, Any]:
    return {
        "id": node.id,
        "name": node.name,
        "name_en": node.name_en,
        "department_leader": list(node.leaders),
        "parentid": node.parentid,
        "order": node.order,
    }


@endpoint("GET", "department/list")
def list_departments(call: Call) -> Answer:
    """A department and everything below it."""
    refuse_details(call)
    return {"department": [_row(node) for node in _nodes(call)]}


@endpoint("GET", "department/simplelist")
def list_department_ids(call: Call) -> Answer:
    """Only ids, parents and order."""
    rows = [{"id": node.id, "parentid": node.parentid, "order": node.order} for node in _nodes(call)]
    return {"department_id": rows}


@endpoint("GET", "department/get")
def get_department(call: Call) -> Answer:
    """One department."""
    refuse_details(call)
    number = call.need("id")
    node = call.simulator.directory.parties.get(int(number)) if number.isdigit() else None
    if node is None:
        raise ApiError(60003)
    if node.id not in visible_parties(call):
        raise ApiError(60011)
    return {"department": _row(node)}


def _checked_name(simulator: Simulator, name: str, parent_id: int, own_id: int | None) -> str:
    if not 1 <= len(name) <= MAX_NAME:
        raise ApiError(60001)
    if _FORBIDDEN & set(name):
        raise ApiError(60009)
    for node in simulator.directory.parties.values():
        if node.parentid == parent_id and node.name == name and node.id != own_id:
            raise ApiError(60008)
    return name


def create_party(simulator: Simulator, body: dict[str, Any]) -> PartyNode:
    """Add a department from the fields of department/create. Raises ApiError."""
    parties = simulator.directory.parties
    parent_id = int(body.get("parentid") or 0)
    if parent_id not in parties:
        raise ApiError(60004)
    name = _checked_name(simulator, str(body.get("name", "")), parent_id, None)
    number = int(body.get("id") or max(parties) + 1)
    if number <= ROOT_ID:
        raise ApiError(60123)
    if number in parties:
        raise ApiError(60008)
    node = PartyNode(number, name, parent_id, int(body.get("order") or 0), str(body.get("name_en") or ""))
    parties[number] = node
    return node


def update_party(simulator: Simulator, body: dict[str, Any]) -> PartyNode:
    """Change the given fields. Raises 60003, 60004, 60010 and name errors."""
    directory = simulator.directory
    node = directory.parties.get(int(body.get("id") or 0))
    if node is None:
        raise ApiError(60003)
    parent_id = int(body.get("parentid") or node.parentid)
    if parent_id != node.parentid:
        if parent_id not in directory.parties:
            raise ApiError(60004)
        if parent_id in directory.subtree(node.id):
            raise ApiError(60010)
    name = str(body.get("name") or node.name)
    if name != node.name or parent_id != node.parentid:
        _checked_name(simulator, name, parent_id, node.id)
    node.name, node.parentid = name, parent_id
    node.name_en = str(body.get("name_en", node.name_en))
    node.order = int(body.get("order", node.order))
    return node


def delete_party(simulator: Simulator, number: int) -> PartyNode:
    """Remove an empty department. Raises 60007, 60003, 60006, 60005."""
    directory = simulator.directory
    if number == ROOT_ID:
        raise ApiError(60007)
    if number not in directory.parties:
        raise ApiError(60003)
    if len(directory.subtree(number)) > 1:
        raise ApiError(60006)
    if directory.in_party(number):
        raise ApiError(60005)
    return directory.parties.pop(number)


@endpoint("POST", "department/create", rights="contacts")
def create_department(call: Call) -> Answer:
    """Add a department."""
    return {"errmsg": "created", "id": create_party(call.simulator, call.body).id}


@endpoint("POST", "department/update", rights="contacts")
def update_department(call: Call) -> Answer:
    """Change a department."""
    update_party(call.simulator, call.body)
    return {"errmsg": "updated"}


@endpoint("GET", "department/delete", rights="contacts")
def delete_department(call: Call) -> Answer:
    """Remove an empty department."""
    number = call.need("id")
    delete_party(call.simulator, int(number) if number.isdigit() else 0)
    return {"errmsg": "deleted"}
