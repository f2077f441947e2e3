"""Workspaces, channels, members and messages of the Slack archive."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    desc,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Constraints are named by one rule, so that revisions can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Workspace(Base):
    """One Slack workspace."""

    __tablename__ = "workspaces"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )

    channels: Mapped[list["Channel"]] = relationship(back_populates="workspace")


class Channel(Base):
    """A channel, group or direct conversation."""

    __tablename__ = "channels"
    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("kind IN ('public', 'private', 'direct')", name="kind"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)

    workspace: Mapped[Workspace] = relationship(back_populates="channels")


class Member(Base):
    """A person, or a bot, of a workspace."""

    __tablename__ = "members"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id"))
    display_name: Mapped[str] = mapped_column(Text)
    is_bot: Mapped[bool] = mapped_column(server_default="false")


class Message(Base):
    """A message; ``thread_id`` is that of the message it answers."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_channel_id_sent_at", "channel_id", desc("sent_at")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    channel_id: Mapped[str] = mapped_column(ForeignKey("channels.id"))
    member_id: Mapped[str | None] = mapped_column(ForeignKey("members.id"))
    thread_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    sent_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    body: Mapped[str] = mapped_column(Text)
    reactions: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
