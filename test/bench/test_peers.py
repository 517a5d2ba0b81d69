"""Peers are measured where they are installed, and left out where they are not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from test.bench import peers
from test.bench.promise import Goal, Promise


def test_a_peer_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "installed", lambda: ("Dask",))
    assert list(peers.others("latency", "Ray", "Dask", calls=1)) == ["Dask"]


def test_figures_come_as_lines_among_whatever_a_peer_prints(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(f"import sys; print('hello'); print('''{json.dumps({'figure': 'rate', 'value': 2.5})}''')")
    monkeypatch.setattr(peers, "_PYTHON", Path(sys.executable))
    monkeypatch.setattr(peers, "_PROGRAM", program)
    assert peers.ask("Ray", "tiny", {"inputs": 1}) == {"rate": 2.5}


def test_a_peer_that_fails_is_an_error_with_its_own_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("raise SystemExit('no cluster here')")
    monkeypatch.setattr(peers, "_PYTHON", Path(sys.executable))
    monkeypatch.setattr(peers, "_PROGRAM", program)
    with pytest.raises(RuntimeError, match=r"Ray gave no figures for tiny \(exit code 1\):\nno cluster here"):
        peers.ask("Ray", "tiny", {"inputs": 1})


def test_a_ratio_is_of_ours_to_the_peers() -> None:
    assert Goal(0.5, "Pool").words(Promise("rate", "inputs/s", True)) == "≥ 0.5 × Pool"
