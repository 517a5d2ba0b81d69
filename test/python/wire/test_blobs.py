"""Large payloads: written once, read into memory of our own, as files and over HTTP alike."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from farcall.wire.blobs import BlobError, BlobGone, Blobs


class Store(BaseHTTPRequestHandler):
    """What a gateway does with blobs over HTTP."""

    protocol_version = "HTTP/1.1"
    kept: dict[str, bytes] = {}  # noqa: RUF012
    #: Ports that requests came from, in their order.
    came_from: list[int] = []  # noqa: RUF012
    #: Whether the connection is closed after each answer, without a word about it.
    hangs_up = False

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Authorization"] == "Bearer right":
            self.kept[self.path] = data
        self._answer(201 if self.path in self.kept else 401, b"")

    def do_GET(self) -> None:
        data = self.kept.get(self.path)
        self._answer(404 if data is None else 200, data or b"")

    def handle_one_request(self) -> None:
        super().handle_one_request()
        self.came_from.append(self.client_address[1])
        if self.hangs_up:
            self.close_connection = True

    def log_message(self, *_: object) -> None: ...

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Store)
    server.daemon_threads = True  # kept connections are idle
    Store.came_from.clear()
    Store.hangs_up = False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"ws://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["file", "http"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "file":
        return Blobs(str(tmp_path))
    return Blobs(None, request.getfixturevalue("url"), "right")


def test_parts_come_back_as_one(blobs: Blobs) -> None:
    parts = [b"a" * 300_000, memoryview(b""), bytearray(b"b" * 1_500_000), b"c"]
    assert bytes(blobs.read(blobs.write(parts))) == b"".join(parts)


def test_more_parts_than_one_system_call_takes(blobs: Blobs) -> None:
    parts = [bytes([n % 256]) * 7 for n in range(3000)]
    assert bytes(blobs.read(blobs.write(parts))) == b"".join(parts)


def test_writing_to_what_was_read_changes_nothing_elsewhere(blobs: Blobs) -> None:
    name = blobs.write([b"x" * 5000])
    view = blobs.read(name)
    view[0] = 0
    assert bytes(blobs.read(name)) == b"x" * 5000


def test_a_blob_that_is_gone_says_so(blobs: Blobs) -> None:
    with pytest.raises(BlobGone, match="bl-nothing"):
        blobs.read("bl-nothing")


def test_a_blob_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    name = Blobs(str(tmp_path)).write([b"x" * 1000])
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_a_refused_write_is_an_error(url: str) -> None:
    with pytest.raises(BlobError, match="401"):
        Blobs(None, url, "wrong").write([b"x"])


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BlobError, match="cannot write"):
        Blobs(str(tmp_path / "nowhere")).write([b"x"])


def test_requests_share_a_connection(url: str) -> None:
    blobs = Blobs(None, url, "right")
    for _ in range(3):
        blobs.read(blobs.write([b"x" * 1000]))
    assert len(Store.came_from) >= 5
    assert len(set(Store.came_from)) == 1
    blobs.close()


def test_a_kept_connection_that_was_closed_meanwhile_is_made_again(url: str) -> None:
    Store.hangs_up = True
    blobs = Blobs(None, url, "right")
    names = [blobs.write([b"x" * size]) for size in (1, 300_000, 3_000_000)]
    assert [len(blobs.read(name)) for name in names] == [1, 300_000, 3_000_000]


def test_a_large_blob_comes_into_memory_that_can_be_written_to(url: str) -> None:
    blobs = Blobs(None, url, "right")
    payload = os.urandom(1_000_000) * 9
    view = blobs.read(blobs.write([payload]))
    assert view == payload
    view[-1] ^= 1
    assert view != payload
    blobs.close()


def test_a_forked_child_leaves_the_connection_to_its_parent(url: str) -> None:
    blobs = Blobs(None, url, "right")
    name = blobs.write([b"x" * 1000])
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            code = 0 if bytes(blobs.read(name)) == b"x" * 1000 else 1
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert bytes(blobs.read(name)) == b"x" * 1000
    assert len(set(Store.came_from)) == 2
    blobs.close()
