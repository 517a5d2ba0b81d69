"""`farcall token`: made, listed and revoked over a real gateway; the other side is disconnected at once."""

from __future__ import annotations

import json
import stat

import pytest
from support.home import Home

from farcall.cli import main
from farcall.client import embedded
from farcall.wire.connection import Connection, ConnectionLost, Refused
from farcall.wire.ids import ulid
from farcall.wire.messages import Hello, Welcome


def connected(token: str, home: Home) -> Connection:
    address = embedded.find(home.folder)
    assert address is not None
    connection = Connection.connect(address[0], token)
    connection.send(Hello(role="client", id=f"cl-{ulid()}", protocol=(1, 1), version="0.1.0", python="3.11.4"))
    assert isinstance(connection.receive(timeout=30)[0], Welcome)
    return connection


def hear_out(connection: Connection) -> None:
    while True:
        connection.receive(timeout=30)


def test_a_token_is_printed_once_listed_without_itself_and_revoked(
    fresh_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    embedded.ensure(fresh_home.folder)
    assert main(["token", "list"]) == 0
    assert "no tokens" in capsys.readouterr().out
    assert main(["token", "new", "Ada", "--expires", "30d"]) == 0
    token = capsys.readouterr().out.strip()
    assert stat.S_IMODE((fresh_home.folder / "tokens.json").stat().st_mode) == 0o600
    assert main(["token", "list", "--json"]) == 0
    shown = capsys.readouterr().out
    (one,) = json.loads(shown)
    assert (one["name"], one["scope"]) == ("Ada", "client")
    assert token not in shown
    assert token not in (fresh_home.folder / "gateway.log").read_text()
    with_it = connected(token, fresh_home)
    assert main(["token", "revoke", one["token_id"]]) == 0
    with pytest.raises(ConnectionLost, match="4401"):
        hear_out(with_it)
    with pytest.raises(Refused):
        connected(token, fresh_home)


def test_a_token_that_does_not_exist_is_a_sentence(fresh_home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    embedded.ensure(fresh_home.folder)
    assert main(["token", "revoke", "tk-000000000000"]) == 1
    assert "there is no token tk-000000000000" in capsys.readouterr().err
