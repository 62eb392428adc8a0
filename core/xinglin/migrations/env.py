"""The one migration environment of core and all plugins; the connection is given by `xinglin.kernel.migrate`."""

from alembic import context

from xinglin.kernel import migrate, tables

area = context.config.attributes["area"]
connection = context.config.attributes["connection"]

context.configure(
    connection=connection,
    target_metadata=tables.METADATA,
    version_table=migrate.version_table(area),
    include_name=lambda name, kind, _parents: kind != "table" or migrate.owns(area, str(name)),
    include_object=lambda _item, name, kind, _reflected, _to: (
        kind != "table" or migrate.owns(area, str(name))
    ),
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
