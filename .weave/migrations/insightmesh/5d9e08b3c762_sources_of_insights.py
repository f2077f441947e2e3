"""sources of insights

Revision ID: 5d9e08b3c762
Revises: 20b7c4f9e1a6
Create Date: 2026-05-04 16:58:40

"""

from alembic import op
import sqlalchemy as sa

revision = "5d9e08b3c762"
down_revision = "20b7c4f9e1a6"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "sources",
        sa.Column("insight_id", sa.Uuid(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("insight_id", "uri", name="pk_sources"),
        sa.ForeignKeyConstraint(
            ["insight_id"],
            ["insights.id"],
            name="fk_sources_insight_id",
            ondelete="CASCADE",
        ),
    )


def downgrade():
    op.drop_table("sources")
