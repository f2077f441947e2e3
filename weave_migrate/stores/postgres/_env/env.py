"""Alembic's environment of a database that has no env.py of its own.

Alembic executes this file for every command; weave hands it an open connection, and
in ``configure`` what Alembic must know.
"""

from alembic import context

_given = context.config.attributes

context.configure(connection=_given["connection"], **_given["configure"])
with context.begin_transaction():
    context.run_migrations()
