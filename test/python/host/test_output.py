"""Pieces of an output file, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from farcall.host import output
from farcall.host.output import PIECE, Tail
from farcall.wire.control_page import Running


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[Tail]:
    made = Tail(tmp_path / "out", 1)
    yield made
    made.close()


def write(tail: Tail, data: bytes) -> None:
    with tail.path.open("ab") as file:
        file.write(data)


def running(out: int) -> Running:
    return Running(lease=3, index=7, started=True, attempt=1, since=0.0, timeout=0.0, out=out, err=0)


def test_pieces_follow_each_other_with_logical_offsets(tail: Tail) -> None:
    write(tail, b"a" * (PIECE + 10))
    first = tail.next(tail.grown(), None)
    second = tail.next(tail.grown(), None)
    assert first is not None
    assert second is not None
    assert (first.offset, len(first.data), second.offset, len(second.data)) == (0, PIECE, PIECE, 10)
    assert tail.grown() == 0
    assert tail.next(tail.grown(), None) is None


def test_what_was_there_before_an_input_began_is_not_its_own(tail: Tail) -> None:
    write(tail, b"beforeown")
    first = tail.next(tail.grown(), running(out=6))
    second = tail.next(tail.grown(), running(out=6))
    assert first is not None
    assert second is not None
    assert (first.data, first.lease) == (b"before", 0)
    assert (second.data, second.lease, second.index) == (b"own", 3, 7)


def test_shipped_output_gives_its_room_on_disk_back(tail: Tail) -> None:
    write(tail, b"x" * (4 * PIECE))
    before = tail.path.stat().st_blocks
    while tail.grown():
        tail.next(tail.grown(), None)
    after = tail.path.stat()
    assert after.st_size == 4 * PIECE
    assert after.st_blocks < before


def test_the_end_of_what_was_printed_is_remembered(tail: Tail) -> None:
    write(tail, b"Traceback: it is gone\n")
    tail.next(tail.grown(), None)
    write(tail, b"and more\n")
    assert tail.last_lines() == "Traceback: it is gone\nand more"


def test_a_container_that_prints_without_end_is_cut_and_says_so(tail: Tail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "CAP", 100)
    write(tail, b"y" * 150)
    cut = tail.next(tail.grown(), None)
    write(tail, b"z" * 50)
    assert cut is not None
    assert cut.data.startswith(b"y" * 100 + b"\n[farcall: ")
    assert tail.next(tail.grown(), None) is None
    assert tail.grown() == 0
