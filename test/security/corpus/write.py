"""Writes the crafted frames beside it, one file each, in hex: `python test/security/corpus/write.py`.

They are what mutation alone would take long to find: message bombs, headers that lie, keys that mean something to
JavaScript, MessagePack's extension types. Both decoders are fed them as they are and mutated (test_a08_*, test_a09_*).
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent


def text(value: str) -> bytes:
    data = value.encode()
    return bytes([0xA0 | len(data)]) + data if len(data) < 32 else b"\xd9" + bytes([len(data)]) + data


def field(name: str, value: bytes) -> bytes:
    return text(name) + value


def message(kind: str, *fields: bytes) -> bytes:
    return framed(bytes([0x80 | 1 + len(fields)]) + field("type", text(kind)) + b"".join(fields))


def framed(header: bytes, payload: bytes = b"") -> bytes:
    return len(header).to_bytes(4, "little") + header + payload


DEEP = 100_000
FRAMES = {
    "empty": b"",
    "three-bytes": b"\x00\x00\x00",
    "header-of-nothing": framed(b""),
    "header-longer-than-the-frame": b"\xff\xff\xff\x7f" + b"\x81",
    "header-of-4-gib": b"\xff\xff\xff\xff",
    "array-of-2-32": framed(b"\xdd\xff\xff\xff\xff"),
    "map-of-2-32": framed(b"\xdf\xff\xff\xff\xff"),
    "text-of-2-32": framed(b"\xdb\xff\xff\xff\xff"),
    "bytes-of-2-32": framed(b"\xc6\xff\xff\xff\xff"),
    "extension-of-2-32": framed(b"\xc9\xff\xff\xff\xff\x01"),
    "field-of-2-32-entries": message("heartbeat", field("stopped", b"\xdd\xff\xff\xff\xff")),
    "unknown-field-of-2-32-entries": message("ping", field("more", b"\xdd\xff\xff\xff\xff")),
    "map-field-of-2-32-entries": message("environment.put", field("variables", b"\xdf\xff\xff\xff\xff")),
    "deep-arrays": message("ping", field("more", b"\x91" * DEEP + b"\xc0")),
    "deep-maps": message("ping", field("more", b"\x81\xa1a" * DEEP + b"\xc0")),
    "deep-header": framed(b"\x91" * DEEP + b"\xc0"),
    "same-key-twice": message("goaway", field("after_ms", b"\x01"), field("after_ms", b"\x02")),
    "type-twice": framed(b"\x82" + field("type", text("ping")) + field("type", text("pong"))),
    "proto": message("ping", field("__proto__", b"\x81" + field("polluted", text("yes")))),
    "proto-in-a-map": message(
        "environment.put", field("variables", b"\x81" + field("__proto__", b"\x81" + field("polluted", b"\xc3")))
    ),
    "constructor": message("ping", field("constructor", b"\x81" + field("prototype", b"\x80"))),
    "type-that-is-no-text": framed(
        b"\x81" + field("type", b"\x82" + field("toString", b"\x01") + field("valueOf", b"\x01"))
    ),
    "type-named-constructor": message("constructor"),
    "type-named-proto": message("__proto__"),
    "not-a-map": framed(b"\x93\x01\x02\x03"),
    "reserved-byte": framed(b"\xc1"),
    "bad-utf-8": framed(b"\x81" + field("type", b"\xa2\xc3\x28")),
    "nan-and-infinity": message(
        "autoscaler.update",
        field("scaledown_window", b"\xcb\x7f\xf8" + bytes(6)),
        field("request", b"\xcb\x7f\xf0" + bytes(6)),
    ),
    "integer-beyond-2-53": message("goaway", field("after_ms", b"\xcf" + b"\xff" * 8)),
    "extension-undefined": message("ping", field("more", b"\xd4\x00\x00")),
    "extension-record": framed(b"\xd4\x72\x40\x91" + text("a") + b"\x01"),
    "extension-record-of-code": framed(b"\xd4\x72\x40\x91" + text("a');throw 1;('") + b"\x01"),
    "extension-error": message("ping", field("more", b"\xd4\x65\x93" + text("TypeError") + text("boo") + b"\xc0")),
    "extension-regexp": message("ping", field("more", b"\xd4\x78\x92" + text("(a+)+$") + text("g"))),
    "extension-bigint": message("goaway", field("after_ms", b"\xd7\x42" + b"\xff" * 8)),
    "extension-reference": message("ping", field("more", b"\xd6\x69" + bytes(4) + b"\x80")),
    "extension-pointer": message("ping", field("more", b"\xd6\x70" + b"\xff" * 4)),
    "extension-set": message("ping", field("more", b"\xd4\x73\x00\x92\x01\x02")),
    "extension-typed-array": message("ping", field("more", b"\xc7\x05\x74\x06" + b"\xff" * 4)),
    "extension-date": message("ping", field("more", b"\xc7\x0c\xff" + b"\xff" * 12)),
    "a-payload-only-looks-like-a-message": framed(b"\x81" + field("type", text("ping")), b"\x81\xa4type\xa4pong"),
}


def main() -> None:
    for name, frame in FRAMES.items():
        if len(frame) <= 4096:  # the deep ones are made anew by both tests
            (HERE / f"{name}.hex").write_text(frame.hex() + "\n")


if __name__ == "__main__":
    main()
