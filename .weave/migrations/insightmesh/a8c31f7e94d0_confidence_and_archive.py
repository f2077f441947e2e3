"""confidence and archive

Revision ID: a8c31f7e94d0
Revises: 5d9e08b3c762
Create Date: 2026-07-22 13:07:55

"""

from alembic import op
import sqlalchemy as sa

revision = "a8c31f7e94d0"
down_revision = "5d9e08b3c762"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "insights",
        sa.Column(
            "confidence", sa.Numeric(3, 2), server_default="0.50", nullable=False
        ),
    )
    op.add_column(
        "insights", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_check_constraint(
        op.f("ck_insights_confidence"), "insights", "confidence BETWEEN 0 AND 1"
    )
    op.create_index(
        "ix_insights_team_id_open",
        "insights",
        ["team_id"],
        postgresql_where=sa.text("archived_at IS NULL"),
    )


def downgrade():
    op.drop_index("ix_insights_team_id_open", table_name="insights")
    op.drop_constraint(op.f("ck_insights_confidence"), "insights")
    op.drop_column("insights", "archived_at")
    op.drop_column("insights", "confidence")
