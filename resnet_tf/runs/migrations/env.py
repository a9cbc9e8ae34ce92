"""Runs the migrations on the connection that `store.py` hands over."""

from alembic import context

from resnet_tf.runs.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
