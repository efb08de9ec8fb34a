"""What alembic runs for every migration: the connection is handed over by the store, there is no ini file."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
