"""Every code that travels: states, outcome statuses, failure codes, close codes. Mirrors src/wire/codes.ts.

A test compares this file, codes.ts and PROTOCOL.md.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

#: queued: no container holds it. running: one does, under an attempt number. The rest are final. Wire value = position.
INPUT_STATES = ("queued", "running", "succeeded", "failed", "cancelled", "timed_out")
InputState = Literal["queued", "running", "succeeded", "failed", "cancelled", "timed_out"]
QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED, TIMED_OUT = range(6)
#: Added to an outcome's status by the container: the function's policy forbids a retry (``retry_on`` does not list it).
NO_RETRY = 0x80

#: open: inputs may come. sealed: their count is known. The rest are final.
CALL_STATES = ("open", "sealed", "done", "failed", "cancelled", "incomplete")
CallState = Literal["open", "sealed", "done", "failed", "cancelled", "incomplete"]
CONTAINER_STATES = ("requested", "starting", "ready", "draining", "gone", "lost")
ContainerState = Literal["requested", "starting", "ready", "draining", "gone", "lost"]

#: In a table of lengths: this entry's bytes are a blob, named next in the message's ``blobs``.
IN_BLOB = 0xFFFFFFFF


class FailurePolicy(NamedTuple):
    """Whether the user's retries may repeat the failure, and what it says."""

    retry: bool
    says: str


#: Whose fault an input's failure is, and what the policy may do about it.
FAILURES: dict[str, FailurePolicy] = {
    "user.raised": FailurePolicy(True, "the function raised"),
    "user.timeout": FailurePolicy(True, "one attempt ran longer than its timeout"),
    "user.cancelled": FailurePolicy(False, "the call was cancelled"),
    "user.exited": FailurePolicy(True, "the function raised SystemExit"),
    "payload.unreadable": FailurePolicy(False, "the container could not unpickle the function or an argument"),
    "payload.unpicklable": FailurePolicy(False, "the result or the exception cannot be pickled"),
    "payload.large": FailurePolicy(False, "an argument or result is over the size limit"),
    "container.lost": FailurePolicy(True, "the container stopped before it answered"),
    "container.poison": FailurePolicy(False, "the input ended its container three times"),
    "container.memory": FailurePolicy(True, "the container went over its memory limit"),
    "container.start": FailurePolicy(False, "no container of this function came up"),
    "resource.impossible": FailurePolicy(False, "no host here can ever satisfy what the function asks for"),
    "image.build": FailurePolicy(False, "the function's image could not be built"),
    "version.python": FailurePolicy(False, "the host has no Python of the minor version that the function is from"),
    "call.incomplete": FailurePolicy(False, "its client went away before the input was durable"),
}
FailureCode = Literal[
    "user.raised",
    "user.timeout",
    "user.cancelled",
    "user.exited",
    "payload.unreadable",
    "payload.unpicklable",
    "payload.large",
    "container.lost",
    "container.poison",
    "container.memory",
    "container.start",
    "resource.impossible",
    "image.build",
    "version.python",
    "call.incomplete",
]

#: Why a request was refused; the reply is ``failed``, and the connection goes on.
REFUSALS: dict[str, str] = {
    "request.invalid": "the message breaks the protocol or an option is out of range",
    "request.unsupported": "this gateway does not know the message",
    "not.found": "no such call, function, input or container here",
    "not.allowed": "this token may not do that",
    "call.foreign": "the call belongs to another gateway",
    "call.closed": "the call takes no more inputs",
    "resource.exhausted": "a limit is reached; what runs goes on",
    "resource.impossible": "no host here can ever satisfy the request",
    "output.expired": "the result was kept as long as promised and is gone",
    "version.python": "the Python minor versions differ",
    "gateway.closing": "the gateway is draining",
}
RefusalCode = Literal[
    "request.invalid",
    "request.unsupported",
    "not.found",
    "not.allowed",
    "call.foreign",
    "call.closed",
    "resource.exhausted",
    "resource.impossible",
    "output.expired",
    "version.python",
    "gateway.closing",
]

#: WebSocket close codes of our own; 4400-4499 are final, the client must not come back by itself.
CLOSES: dict[int, str] = {
    4400: "protocol error: the frame or message is malformed",
    4401: "the token is wrong, expired or revoked",
    4406: "no protocol version in common",
    4409: "replaced: the same id connected again",
    4410: "gone: the gateway does not know this container",
    4503: "goaway: the gateway is draining; come back",
}
