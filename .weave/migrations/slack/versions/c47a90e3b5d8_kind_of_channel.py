"""kind of channel

A data migration: Slack's ids tell what a channel is by their first letter. The column
is added empty, filled, and only then required.

Revision ID: c47a90e3b5d8
Revises: 8e52d6a1c0f3
Create Date: 2026-04-20 11:02:33

"""

from alembic import op
import sqlalchemy as sa

revision = "c47a90e3b5d8"
down_revision = "8e52d6a1c0f3"
branch_labels = None
depends_on = None

channels = sa.table("channels", sa.column("id", sa.Text), sa.column("kind", sa.Text))


def upgrade():
    op.add_column("channels", sa.Column("kind", sa.Text(), nullable=True))
    first_letter = sa.func.left(channels.c.id, 1)
    op.execute(
        channels.update().values(
            kind=sa.case(
                (first_letter == "D", "direct"),
                (first_letter == "G", "private"),
                else_="public",
            )
        )
    )
    op.alter_column("channels", "kind", nullable=False)
    op.create_check_constraint(
        op.f("ck_channels_kind"),
        "channels",
        "kind IN ('public', 'private', 'direct')",
    )


def downgrade():
    op.drop_column("channels", "kind")
