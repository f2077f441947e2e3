"""The thread that gives signs of life; what it asks of a server is not its business."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from weave_migrate.config import Neo4jSettings
from weave_migrate.stores.neo4j._heartbeat import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = 30.0  # seconds; nothing here takes them
SETTINGS = Neo4jSettings(locations=())


class Beats:
    """Answers beats in turn, and lets a test wait for how many there were."""

    def __init__(self, *answers: bool | Exception) -> None:
        self.answers = list(answers)
        self.count = 0
        self.changed = threading.Condition()

    def __call__(self, _connection: object) -> bool:
        with self.changed:
            self.count += 1
            self.changed.notify_all()
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: self.count >= count, LONG)


def heartbeat(beat: Callable[[object], bool], lease: float = 0.03) -> Heartbeat:
    return Heartbeat(SETTINGS, beat, lease=lease)


def ours() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "weave-heartbeat"]


def test_it_beats_until_the_block_ends() -> None:
    beats = Beats()
    with heartbeat(beats).going():
        beats.wait_for(3)
        (thread,) = ours()
        assert thread.daemon
    assert ours() == []


def test_it_ends_at_once_however_long_its_pause() -> None:
    beats = Beats()
    with heartbeat(beats, lease=10_000).going():
        pass
    assert ours() == []
    assert beats.count == 0


def test_it_ends_with_an_error_of_the_block_too() -> None:
    with pytest.raises(KeyboardInterrupt), heartbeat(Beats()).going():
        raise KeyboardInterrupt
    assert ours() == []


def test_a_lost_lock_is_known_and_beaten_for_no_more() -> None:
    beats = Beats(True, False)
    lost = heartbeat(beats)
    with lost.going():
        beats.wait_for(2)
        for thread in ours():
            thread.join(LONG)
        assert lost.is_lost
        assert beats.count == 2


def test_a_beat_that_fails_is_tried_again() -> None:
    beats = Beats(True, OSError("the server is away"), ValueError("and answers oddly"))
    tough = heartbeat(beats)
    with tough.going():
        beats.wait_for(5)
        assert not tough.is_lost


def test_a_beat_that_hangs_does_not_keep_the_run() -> None:
    forever = threading.Event()
    begun = threading.Event()

    def hang(_connection: object) -> bool:
        begun.set()
        return forever.wait()

    with heartbeat(hang).going():
        assert begun.wait(LONG)
    (thread,) = ours()
    forever.set()
    thread.join(LONG)
    assert ours() == []
