"""Names of all sentences; words in braces are filled in with ``str.format``."""

from __future__ import annotations

from dataclasses import dataclass

from xinglin_admin.api.models import Role


@dataclass(frozen=True)
class CommonTexts:
    application: str
    hospital_office: str
    retry: str
    refresh: str
    refresh_tip: str
    cancel: str
    sign_out: str
    theme: str
    theme_system: str
    theme_light: str
    theme_dark: str
    loading: str
    none: str
    list_separator: str


@dataclass(frozen=True)
class LoginTexts:
    title: str
    hint: str
    server: str
    login: str
    password: str
    code: str
    code_hint: str
    language: str
    button: str
    signing_in: str
    wait: str
    complete_fields: str
    session_ended: str


@dataclass(frozen=True)
class GrantTexts:
    title: str
    subtitle: str
    filter_hint: str
    state_active: str
    state_expired: str
    state_revoked: str
    state_all: str
    new: str
    revoke: str
    revoke_title: str
    revoke_question: str
    revoke_consequence: str
    revoked_now: str
    granted_now: str
    person: str
    department: str
    permission: str
    scope: str
    object: str
    departments: str
    last_day: str
    no_last_day: str
    ends_soon: str
    hand_on: str
    may_hand_on: str
    state: str
    granted_by: str
    granted_at: str
    revoked_by: str
    revoked_at: str
    detail: str
    choose_row: str
    empty: str
    range: str
    previous: str
    next: str


@dataclass(frozen=True)
class DialogTexts:
    title: str
    person: str
    person_hint: str
    people_found: str
    nobody_found: str
    not_active: str
    permission: str
    choose_permission: str
    object: str
    choose_object: str
    departments: str
    departments_hint: str
    departments_unused: str
    department_filter: str
    department_row: str
    expiry: str
    expiry_hint: str
    no_expiry: str
    hand_on: str
    save: str
    saving: str
    summary_missing: str
    missing_person: str
    missing_permission: str
    missing_object: str
    missing_departments: str
    summary: str
    summary_person: str
    summary_object: str
    summary_departments: str
    summary_until: str
    summary_for_ever: str
    summary_hand_on: str


@dataclass(frozen=True)
class ModuleTexts:
    title: str
    subtitle: str
    module: str
    name: str
    version: str
    state: str
    required: str
    is_required: str
    is_optional: str
    enabled: str
    disabled: str
    quarantined: str
    counts: str
    alarm: str
    filter_hint: str
    summary: str
    error: str
    cure: str
    detail: str
    choose_row: str


@dataclass(frozen=True)
class RoleTexts:
    system: str
    security: str
    audit: str

    def name_of(self, role: Role) -> str:
        return {Role.SYSTEM: self.system, Role.SECURITY: self.security, Role.AUDIT: self.audit}[role]


@dataclass(frozen=True)
class AuditTexts:
    title: str
    subtitle: str
    today: str
    week: str
    month: str
    ever: str
    actor_hint: str
    action_hint: str
    object_hint: str
    at: str
    actor: str
    action: str
    object: str
    result: str
    record: str
    ok: str
    denied: str
    error: str
    intact: str
    changed: str
    changed_long: str
    address: str
    before: str
    after: str
    details: str
    unreadable: str
    request: str
    detail: str
    choose_row: str
    newer: str
    older: str
    alarm: str
    check: str
    checked_good: str
    checked_bad: str
    never_checked: str
    last_check: str
    export: str
    export_hint: str
    reason: str
    reason_hint: str
    path: str
    browse: str
    exported: str


@dataclass(frozen=True)
class AccessTexts:
    title: str
    subtitle: str
    zones: str
    zone: str
    network: str
    network_hint: str
    note: str
    created_by: str
    add: str
    remove: str
    added: str
    removed: str
    remove_question: str
    remove_consequence: str
    last_consequence: str
    your_address: str
    open_now: str
    sessions: str
    end: str
    end_question: str
    end_consequence: str
    ended: str
    office: str
    wecom: str
    administration: str
    bus: str

    def name_of(self, zone: str) -> str:
        """The zone's name; its key when the portal knows one that this tool does not."""
        known = {
            "office": self.office,
            "wecom": self.wecom,
            "administration": self.administration,
            "bus": self.bus,
        }
        return known.get(zone, zone)


@dataclass(frozen=True)
class AccountTexts:
    title: str
    subtitle: str
    login: str
    name: str
    staff_no: str
    role: str
    last_used: str
    state: str
    active: str
    disabled: str
    changed: str
    alarm: str
    unlock: str
    unlocked: str


@dataclass(frozen=True)
class FailureTexts:
    """Pairs: what happened, and what to do about it."""

    address: str
    address_cure: str
    unreachable: str
    unreachable_cure: str
    timed_out: str
    timed_out_cure: str
    contract_missing: str
    contract_missing_cure: str
    contract_broken: str
    contract_broken_cure: str
    server_fault: str
    server_fault_cure: str
    defect: str
    defect_cure: str
    sign_in_refused_cure: str
    session_ended_cure: str
    not_allowed_cure: str
    not_found_cure: str
    conflict_cure: str
    too_many_cure: str
    invalid_cure: str
    not_saved: str
    not_saved_cure: str


@dataclass(frozen=True)
class Texts:
    common: CommonTexts
    login: LoginTexts
    grants: GrantTexts
    dialog: DialogTexts
    modules: ModuleTexts
    roles: RoleTexts
    audit: AuditTexts
    access: AccessTexts
    accounts: AccountTexts
    failures: FailureTexts
