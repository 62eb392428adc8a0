"""What the audit trail holds of the ini: everything but the passwords inside addresses."""

import pytest

from xinglin.kernel.ini import masked


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql+psycopg://portal:p@ss:w/rd@db/xinglin", "postgresql+psycopg://portal:***@db/xinglin"),
        ("https://gateway:secret@sms.hospital.example/api", "https://gateway:***@sms.hospital.example/api"),
        ("sqlite:////var/lib/xinglin/xinglin.db", "sqlite:////var/lib/xinglin/xinglin.db"),
        ("https://oa.hospital.example:8443", "https://oa.hospital.example:8443"),
    ],
)
def test_passwords_are_masked(value: str, shown: str) -> None:
    assert masked(value) == shown
