"""What inputs print in the cell: whole lines, bars collapsed, capped, without terminal commands."""

from __future__ import annotations

import pytest

from farcall.notebook.output import CAP, CellOutput, without_commands


def test_lines_are_printed_when_whole(capsys: pytest.CaptureFixture[str]) -> None:
    printed = CellOutput()
    printed.write(0, "stdout", "one\ntw")
    assert capsys.readouterr().out == "one\n"
    printed.write(1, "stdout", "other\n")
    printed.write(0, "stdout", "o\n")
    assert capsys.readouterr().out == "other\ntwo\n"


def test_an_unfinished_line_comes_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    printed = CellOutput()
    printed.write(0, "stderr", "no newline")
    printed.end()
    assert capsys.readouterr().err == "no newline\n"


def test_a_progress_bar_is_collapsed_to_its_last_state(capsys: pytest.CaptureFixture[str]) -> None:
    printed = CellOutput()
    printed.write(0, "stdout", "\r10%\r20%")
    printed.write(0, "stdout", "\r100%\ndone\r\n")
    assert capsys.readouterr().out == "100%\ndone\n"


def test_a_bar_that_never_ends_its_line_takes_bounded_memory() -> None:
    printed = CellOutput()
    for _ in range(100):
        printed.write(0, "stdout", "\r" + "#" * 5_000)
    assert len(printed._held[0, "stdout"]) <= CAP


def test_more_than_64_kib_is_counted_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    printed = CellOutput()
    for _ in range(2_000):
        printed.write(0, "stdout", "x" * 99 + "\n")
    printed.end()
    out = capsys.readouterr().out
    assert len(out) < CAP + 100
    assert out.endswith(f"{2_000 - CAP // 100:,} more lines: call.logs()\n")


def test_terminal_commands_are_taken_out(capsys: pytest.CaptureFixture[str]) -> None:
    CellOutput().write(0, "stdout", "a\x1b]52;c;ZXZpbA==\x07b\x1b]8;;http://evil\x1b\\c\x1b[31mred\x1b[0m\n")
    assert capsys.readouterr().out == "abc\x1b[31mred\x1b[0m\n"


def test_a_terminal_command_that_only_forms_when_another_is_taken_out_is_taken_out_too() -> None:
    assert without_commands("a\x1b\x1b]0;x\x07]52;c;ZXZpbA==\x07b") == "ab"
