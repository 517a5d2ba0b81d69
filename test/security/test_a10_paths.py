"""A10: ids that are paths, in URLs and in messages. Nothing outside the folder of blobs is read or written."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from farcall.client.session import Session
from farcall.wire import messages
from farcall.wire.blobs import BlobError, Blobs
from farcall.wire.codes import IN_BLOB
from farcall.wire.ids import call_id, ulid

from .isolated import Served, serving

CANARY = b"canary-that-must-not-leave"
GOOD = f"bl-{ulid()}"
LINKED, FOLDER = f"bl-{ulid()}", f"bl-{ulid()}"
IDS = [
    "..", ".", "", "../token", "../../etc/passwd", "/etc/passwd", "//etc/passwd", "..%2ftoken", "%2e%2e%2ftoken",
    "%2e%2e/token", "..%5ctoken", "..\\token", "..%252ftoken", "%c0%ae%c0%ae/token", "token", "../payloads-evil/canary",
    f"{GOOD}/../../token", f"{GOOD}%00.txt", f"{GOOD}%0d%0aX: y", f"{GOOD}.part", f"{GOOD}~", GOOD.lower(), f"{GOOD}/",
    f"bl-{'A' * 4096}", "A" * 4096, "../" * 1365 + "t", "bl-" + "." * 26, "bl-" + "/" * 26, LINKED, FOLDER,
    "bl-０１２３４５６７８９０１２３４５６７８９０１２３４５６".encode().decode("latin-1"),
]  # fmt: skip
NAMES = [
    "../token",
    "/etc/passwd",
    "..",
    "a/b",
    "x\x00y",
    f"{GOOD}\x00",
    "",
    "A" * 4096,
    "../payloads-evil/canary",
    GOOD + "\n",
]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A gateway with things around its folder of blobs that nobody should get."""
    with serving("--isolation", "none") as running:
        payloads = running.home / "payloads"
        beside = running.home / "payloads-evil"
        beside.mkdir()
        for path in (beside / "canary", running.home / "canary", payloads / f"{GOOD}.part"):
            path.write_bytes(CANARY)
        (payloads / LINKED).symlink_to(running.home / "canary")
        (payloads / FOLDER).mkdir()
        yield running


def files_of(served: Served) -> dict[str, int]:
    """Every file of the home that a request could have made or changed."""
    kept = [
        path
        for path in served.home.rglob("*")
        if path.is_file() and not path.name.startswith(("store", "gateway.log", "supervisor"))
    ]
    return {str(path): path.stat().st_mtime_ns for path in kept}


def ask(served: Served, method: str, target: str, body: bytes = b"") -> tuple[int, bytes]:
    """The target as it stands: no client library between that would tidy it up."""
    address = urlsplit(served.url)
    with socket.create_connection((address.hostname or "", address.port or 0), 30) as sock:
        head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {served.token}\r\n"
        head += f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        sock.sendall(head.encode("latin-1") + body)
        answer = b""
        while data := sock.recv(65536):
            answer += data
    return int(answer.split(b" ", 2)[1]), answer


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_an_id_that_is_a_path_gets_nothing_and_leaves_nothing(served: Served, method: str) -> None:
    before = files_of(served)
    for name in IDS:
        for target in (f"/blobs/{name}", f"/blobs/{GOOD}/../{name}"):
            body = b"written" if method == "PUT" and name not in (LINKED,) else b""
            if method == "PUT" and name in (LINKED, FOLDER) and target == f"/blobs/{name}":
                continue  # good names: see below
            status, answer = ask(served, method, target, body)
            assert status in (400, 404, 405, 414, 431), (method, target[:80], status)
            assert CANARY not in answer
            assert b"root:" not in answer
    assert files_of(served) == before


def test_writing_to_a_name_that_is_a_link_replaces_the_link(served: Served) -> None:
    status, _ = ask(served, "PUT", f"/blobs/{LINKED}", b"mine")
    assert status == 201
    assert (served.home / "canary").read_bytes() == CANARY
    assert not (served.home / "payloads" / LINKED).is_symlink()


def test_writing_to_a_name_that_is_a_folder_is_refused(served: Served) -> None:
    assert ask(served, "PUT", f"/blobs/{FOLDER}", b"mine")[0] == 400
    assert not list((served.home / "payloads" / FOLDER).iterdir())


def test_a_good_name_is_written_and_read(served: Served) -> None:
    assert ask(served, "PUT", f"/blobs/{GOOD}", b"mine")[0] == 201
    status, answer = ask(served, "GET", f"/blobs/{GOOD}")
    assert (status, answer[-4:]) == (200, b"mine")


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name)[:30])
def test_a_message_that_names_a_path_is_refused(served: Served, name: str) -> None:
    before = files_of(served)
    session = Session.current()
    for question in questions(session, name):
        with pytest.raises(Exception) as refused:  # noqa: PT011 (which refusal it is depends on the field)
            session.wait(session.request(question))
        assert not isinstance(refused.value, (TimeoutError, AssertionError)), refused.value
        assert CANARY.decode() not in str(refused.value)
    assert files_of(served) == before
    assert session.ask(messages.RuntimeAsk(request=0), messages.RuntimeState).pid == served.pid


def questions(session: Session, name: str) -> list[Any]:
    """One of each message that has an id in it which becomes a file's name, or could."""
    asking = {"request": 0}
    return [
        messages.OutputRead(**asking, call_id=name, index=-1, offset=0),
        messages.OutputRead(**asking, call_id=f"fc-{name}", index=0, offset=0),
        messages.InputsRead(**asking, call_id=name, first=0, count=1),
        messages.OutcomesRead(**asking, call_id=name, first=0, count=1),
        messages.CallAsk(**asking, call_id=name),
        messages.CallCancel(**asking, call_id=name, scope="all", terminate=False),
        messages.CallOpen(
            **asking, call_id=call_id("AAAAAA"), function_id=name, kind="map", on_failure="continue", attached=False,
            on_owner_lost="finish", bindings={}, sources={}, origin="", blob=name,
        ),
    ]  # fmt: skip


def test_names_of_blobs_that_python_reads_are_no_way_out_either(tmp_path: Path) -> None:
    """They come from the gateway; a link that someone put into the folder is still not followed."""
    (tmp_path / "canary").write_bytes(CANARY)
    folder = tmp_path / "payloads"
    folder.mkdir()
    (folder / LINKED).symlink_to(tmp_path / "canary")
    with pytest.raises(BlobError):
        Blobs(str(folder)).read(LINKED)
    written = Blobs(str(folder)).write([b"mine"])
    assert (folder / written).read_bytes() == b"mine"
    assert (folder / written).stat().st_mode & 0o077 == 0


def test_a_table_that_points_to_blobs_must_name_good_ones(served: Served) -> None:
    session = Session.current()
    for blobs in (("../token",), (GOOD, GOOD), ()):
        session.notify(
            messages.InputsPut(
                call_id=call_id("AAAAAA"), first=0, count=1, lengths=struct.pack("<I", IN_BLOB), blobs=blobs
            )
        )
    assert session.ask(messages.RuntimeAsk(request=0), messages.RuntimeState).pid == served.pid
