"""messages

Revision ID: 8e52d6a1c0f3
Revises: 3b1f0c9a7d24
Create Date: 2026-03-02 15:40:07

"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "8e52d6a1c0f3"
down_revision = "3b1f0c9a7d24"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("channel_id", sa.Text(), nullable=False),
        sa.Column("member_id", sa.Text(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "reactions", postgresql.JSONB(), server_default="{}", nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_messages_channel_id"
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name="fk_messages_member_id"
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["messages.id"], name="fk_messages_thread_id"
        ),
    )


def downgrade():
    op.drop_table("messages")
