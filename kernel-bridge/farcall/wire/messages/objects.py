"""Dicts and queues. Clients name what they make; every change has the client's own number (``op``).

So one that is said again after a lost connection is answered as before and not done twice. Answers follow commits.
"""

from __future__ import annotations

from typing import Literal

from .calls import Parent
from .record import Record, Tagged

ObjectKind = Literal["dict", "queue"]


class ObjectOpen(Tagged, frozen=True, kw_only=True, tag="object.open"):
    """Client → gateway. Names a dict or a queue, or makes one.

    Without a name it is ephemeral: it ends 60 s after its client's connection. `object_id` is what a new one will be
    called. Inside a container, `parent` is the input that asks. Answered by `object.opened`.
    """

    request: int
    object_id: str
    kind: ObjectKind
    name: str
    environment: str
    #: must: one of that name that is there already is refused.
    create: Literal["never", "missing", "must"]
    parent: Parent | None = None


class ObjectSummary(Record, frozen=True, kw_only=True):
    """A dict or a queue. `count`: entries, or items that nobody holds; `bytes`: of its values.

    `person`: whose it is, empty: the home's owner.
    """

    object_id: str
    kind: ObjectKind
    name: str
    environment: str
    person: str
    created_at: float
    count: int
    bytes: float


class ObjectOpened(Tagged, frozen=True, kw_only=True, tag="object.opened"):
    """Gateway → client. Which it is."""

    request: int
    object_id: str
    created_at: float


class ObjectList(Tagged, frozen=True, kw_only=True, tag="object.list"):
    """Client → gateway. Named ones, newest first; `everyone`: other people's too, for admins.

    Answered by `object.listing`.
    """

    request: int
    kind: ObjectKind
    environment: str
    everyone: bool


class ObjectListing(Tagged, frozen=True, kw_only=True, tag="object.listing"):
    """Gateway → client. Answers `object.list`."""

    request: int
    objects: tuple[ObjectSummary, ...]


class ObjectAsk(Tagged, frozen=True, kw_only=True, tag="object.ask"):
    """Client → gateway. How much it holds. Answered by `object.info`."""

    request: int
    object_id: str
    #: Of a queue: one of its partitions; absent: all of them.
    partition: str | None = None


class ObjectInfo(Tagged, frozen=True, kw_only=True, tag="object.info"):
    """Gateway → client. Answers `object.ask`; `count` is the partition's when one was asked for."""

    request: int
    object: ObjectSummary
    count: int
    #: Of a queue: how many partitions have items.
    partitions: int


class ObjectDelete(Tagged, frozen=True, kw_only=True, tag="object.delete"):
    """Client → gateway. With all its entries; one that is gone is fine. Answered by `object.done`."""

    request: int
    object_id: str


class ObjectClear(Tagged, frozen=True, kw_only=True, tag="object.clear"):
    """Client → gateway. Takes out all entries, or those of one partition. Answered by `object.done`."""

    request: int
    op: int
    answered: int
    object_id: str
    partition: str | None = None


class ObjectDone(Tagged, frozen=True, kw_only=True, tag="object.done"):
    """Gateway → client. It is durable.

    `count`: entries written or taken out; 0 after `queue.put`: it is full, nothing was put.
    """

    request: int
    count: int


class DictPut(Tagged, frozen=True, kw_only=True, tag="dict.put"):
    """Client → gateway. Entries of a dict; payload: all keys, then all values, but for those in blobs.

    `skip`: a key that is there keeps its value. The client has the answers to its changes below `answered`. Answered
    by `object.done`.
    """

    request: int
    op: int
    answered: int
    object_id: str
    keys: bytes
    lengths: bytes
    blobs: tuple[str, ...] | None = None
    skip: bool


class DictGet(Tagged, frozen=True, kw_only=True, tag="dict.get"):
    """Client → gateway. Payload: the key.

    `what`: its value, or only whether it is there. Answered by `dict.value`.
    """

    request: int
    object_id: str
    what: Literal["value", "presence"]


class DictPop(Tagged, frozen=True, kw_only=True, tag="dict.pop"):
    """Client → gateway. Takes an entry out; payload: the key. Answered by `dict.value`."""

    request: int
    op: int
    answered: int
    object_id: str


class DictValue(Tagged, frozen=True, kw_only=True, tag="dict.value"):
    """Gateway → client. Payload: the value, unless it is a blob."""

    request: int
    found: bool
    blob: str | None = None


class DictRead(Tagged, frozen=True, kw_only=True, tag="dict.read"):
    """Client → gateway. Entries numbered above `after`, in the order their keys came. Answered by `dict.page`."""

    request: int
    object_id: str
    after: float
    what: Literal["keys", "values", "items"]


class DictPage(Tagged, frozen=True, kw_only=True, tag="dict.page"):
    """Gateway → client. Payload: all keys, then all values. `next`: go on after this number; -1: that was all."""

    request: int
    keys: bytes
    lengths: bytes
    blobs: tuple[str, ...] | None = None
    next: float


class QueuePut(Tagged, frozen=True, kw_only=True, tag="queue.put"):
    """Client → gateway. Items for the end of a partition, all or none of them.

    `ttl`: seconds until the partition goes, from now on. `wait`: answered once there is room, or after `queue.leave`.
    Answered by `object.done`.
    """

    request: int
    op: int
    answered: int
    object_id: str
    partition: str
    lengths: bytes
    blobs: tuple[str, ...] | None = None
    ttl: float
    wait: bool


class QueueGet(Tagged, frozen=True, kw_only=True, tag="queue.get"):
    """Client → gateway. Up to `count` items from the front.

    They are held for the client until `queue.taken`; asking again under the same `op` gives the same ones. `wait`:
    answered once there is one, or after `queue.leave`. Answered by `queue.items`.
    """

    request: int
    op: int
    answered: int
    object_id: str
    partition: str
    count: int
    wait: bool


class QueueItems(Tagged, frozen=True, kw_only=True, tag="queue.items"):
    """Gateway → client. `more`: there was no room for all that was asked for.

    `next`: after `queue.read`, the number of the last of them.
    """

    request: int
    lengths: bytes
    blobs: tuple[str, ...] | None = None
    more: bool
    next: float


class QueueTaken(Tagged, frozen=True, kw_only=True, tag="queue.taken"):
    """Client → gateway. It has the items of its `queue.get` numbered `op`: they are gone now.

    Answered by `object.done`.
    """

    request: int
    object_id: str
    op: int


class QueueLeave(Tagged, frozen=True, kw_only=True, tag="queue.leave"):
    """Client → gateway.

    It waits no longer for what it asked for under `op`: if that is not answered yet, it is answered with nothing now.
    `release`: nor does it want what it was answered; items that are held for it go back to their places. Answered by
    `object.done`.
    """

    request: int
    object_id: str
    op: int
    release: bool


class QueueRead(Tagged, frozen=True, kw_only=True, tag="queue.read"):
    """Client → gateway. Items of a partition numbered above `after`, without taking them.

    `wait` as in `queue.get`. Answered by `queue.items`.
    """

    request: int
    op: int
    object_id: str
    partition: str
    after: float
    wait: bool


ObjectMessage = (
    ObjectOpen
    | ObjectOpened
    | ObjectList
    | ObjectListing
    | ObjectAsk
    | ObjectInfo
    | ObjectDelete
    | ObjectClear
    | ObjectDone
    | DictPut
    | DictGet
    | DictPop
    | DictValue
    | DictRead
    | DictPage
    | QueuePut
    | QueueGet
    | QueueItems
    | QueueTaken
    | QueueLeave
    | QueueRead
)
