"""Our own modules conform; a vendor's that does not is told each fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import Vendor

from xinglin.testing.check_plugin import check_plugin

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
MODELS = """
from sqlalchemy.orm import Mapped
from xinglin.api.db import Base, Identifier

class Thing(Base):
    __tablename__ = "{table}"
    id: Mapped[Identifier]
    count: Mapped[int]
"""
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{name}_0001", None, None, None

def upgrade() -> None:
    op.create_table("{name}_thing", sa.Column("id", sa.Integer, primary_key=True), {column})

def downgrade() -> None:
    {downgrade}
"""
SETTINGS_HOOK = """
from PACKAGE.schemas import Settings

@hookimpl
def xinglin_settings():
    return Settings
"""
SETTINGS = """
from dataclasses import dataclass
from xinglin.types import setting

@dataclass(frozen=True)
class Settings:
    colour: str = setting(summary="a colour")
"""
COUNT = 'sa.Column("count", sa.Integer, nullable=False)'


def words(package: Path, zh_cn: str = PO, en: str = PO) -> None:
    for locale, content in (("zh_CN", zh_cn), ("en", en)):
        folder = package / "locale" / locale / "LC_MESSAGES"
        folder.mkdir(parents=True)
        (folder / "x.po").write_text(content, encoding="utf-8")


def migration(package: Path, name: str, *, column: str = COUNT, downgrade: str = "pass") -> None:
    folder = package / "migrations" / "versions"
    folder.mkdir(parents=True)
    source = MIGRATION.format(name=name, column=column, downgrade=downgrade)
    (folder / "0001_first.py").write_text(source, encoding="utf-8")


@pytest.mark.parametrize("name", ["portal", "news", "example"])
def test_our_own_conform(name: str) -> None:
    assert check_plugin(name) == []


def test_a_small_one_conforms(vendor: Vendor) -> None:
    words(vendor.install("alpha"))
    assert check_plugin("alpha") == []


def test_one_that_does_not_load_is_told_why(vendor: Vendor) -> None:
    vendor.install("alpha", "1 / 0")
    assert check_plugin("alpha") == ["plugin alpha: import: ZeroDivisionError: division by zero"]
    assert check_plugin("nowhere")[0].startswith("plugin nowhere: discover: not installed")


def test_an_open_view_is_found(vendor: Vendor) -> None:
    hooks = """
    @hookimpl
    def xinglin_configure(config):
        config.add_route("alpha.page", "/alpha")
        config.add_view(Response, route_name="alpha.page")
    """
    words(vendor.install("alpha", hooks))
    assert "has the permission None, which nobody declares" in check_plugin("alpha")[0]


def test_what_it_requires_is_switched_on_too(vendor: Vendor) -> None:
    words(vendor.install("alpha"))
    words(vendor.install("beta", requires=("alpha",)))
    assert check_plugin("beta", requires=("alpha",)) == []
    assert "needs alpha" in check_plugin("beta")[0]


def test_its_settings_can_be_given(vendor: Vendor) -> None:
    package = vendor.install("alpha", SETTINGS_HOOK, schemas=SETTINGS)
    plugin = package / "plugin.py"
    plugin.write_text(plugin.read_text(encoding="utf-8").replace("PACKAGE", package.name), encoding="utf-8")
    words(package)
    assert check_plugin("alpha", settings="colour = red") == []


def test_faults_of_its_files_are_named(vendor: Vendor) -> None:
    package = vendor.install(
        "alpha",
        utils="from xinglin.kernel import db\n",
        views='title = _("Hello")\nother = _("Bye ${name}")\n',
    )
    (package / "templates").mkdir()
    (package / "templates" / "page.jinja2").write_text("<a href={{ x }}>{{ _('Menu') }}</a>")
    words(
        package,
        PO + 'msgid "Bye ${name}"\nmsgstr "再见"\n',
        PO + "".join(f'msgid "{text}"\nmsgstr "{text}"\n\n' for text in ("Hello", "Bye ${name}", "Menu")),
    )
    assert check_plugin("alpha") == [
        "utils.py is no name of a plugin's part",
        "utils.py:1 imports xinglin.kernel",
        "page.jinja2: an unquoted attribute in <a href=x>",
        "zh_CN: page.jinja2:1 'Menu' has no words",
        "zh_CN: views.py:1 'Hello' has no words",
        "zh_CN: 'Bye ${name}' has other gaps than '再见'",
    ]


def test_faults_of_its_tables_are_named(vendor: Vendor) -> None:
    package = vendor.install("delta", models=MODELS.format(table="delta_thing"))
    plugin = package / "plugin.py"
    plugin.write_text(
        f"from {package.name} import models\n"
        + plugin.read_text(encoding="utf-8").replace("from __future__ import annotations", "")
    )
    words(package)
    migration(
        package, "delta", column="sa.Column('amount', sa.Integer)", downgrade='op.drop_table("core_tag")'
    )
    faults = " ".join(check_plugin("delta"))
    assert "'delta_thing'" in faults
    assert "amount" in faults
    assert "the downgrade leaves the table delta_thing" in faults
    assert "the downgrade takes the table core_tag" in faults
