"""The text with which a new process begins: small, whole, and ready to be changed."""

from __future__ import annotations

import json

TEXT = """\
process: {key}
title: {title}
category: 综合
subject: "{{starter}}：{{matter}}"

form:
  - field: matter
    title: 事项
    kind: text
    required: true
    max_length: 80
    public: yes
  - field: reason
    title: 说明
    kind: long_text
    max_length: 2000

steps:
  - step: head
    title: 科室负责人审批
    by: head
    mode: any
    when_rejected: to_starter
    deadline: {{within: 8 h, remind_before: 2 h}}
"""


def skeleton(key: str, title: str) -> str:
    """`title` is quoted as it must be, whatever letters it has."""
    return TEXT.format(key=key, title=json.dumps(title, ensure_ascii=False))
