"""What Alembic runs: the steps, on the connection handed in, in the caller's transaction."""

from alembic import context

from smartsearch.stores.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
