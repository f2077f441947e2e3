"""index messages by time

Built while messages keep coming in: CREATE INDEX CONCURRENTLY can't run inside a
transaction.

Revision ID: f1d83e6b2a97
Revises: c47a90e3b5d8
Create Date: 2026-06-11 08:25:19

"""

from alembic import op
import sqlalchemy as sa

revision = "f1d83e6b2a97"
down_revision = "c47a90e3b5d8"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_messages_channel_id_sent_at",
            "messages",
            ["channel_id", sa.text("sent_at DESC")],
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_messages_channel_id_sent_at",
            table_name="messages",
            postgresql_concurrently=True,
        )
