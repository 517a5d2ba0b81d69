"""A dict at the gateway: it does what Python's does, for every process at once, and says what it does not take."""

from __future__ import annotations

import asyncio
import datetime
import pickle
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import farcall
from farcall import Dict, errors
from farcall.objects.keys import key_bytes

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def d() -> Iterator[Dict]:
    with Dict.ephemeral() as made:
        yield made


def new_name() -> str:
    return f"d-{uuid.uuid4().hex}"


def test_it_does_what_a_dict_does(d: Dict) -> None:
    d["a"], d[1], d[b"b"], d[(1, "x", None)] = 1, [2], {"three": 3}, None
    assert (d["a"], d[1], d[b"b"], d[(1, "x", None)]) == (1, [2], {"three": 3}, None)
    assert len(d) == 4
    assert "a" in d
    assert "z" not in d
    assert d
    assert list(d) == list(d.keys()) == ["a", 1, b"b", (1, "x", None)]
    assert list(d.values()) == [1, [2], {"three": 3}, None]
    d["a"] = 10  # keeps its place
    assert next(iter(d.items())) == ("a", 10)
    del d["a"]
    assert d.get("a") is None
    assert d.get("a", 5) == 5
    assert d.get((1, "x", None), 5) is None
    assert d.pop(1) == [2]
    assert d.pop(1, "gone") == "gone"
    d.update({"x": 1}, y=2)
    assert d.contains("x")
    assert d["y"] == 2
    d.clear()
    assert d.len() == 0
    assert list(d.items()) == []
    assert d


def test_a_missing_key_is_a_key_error_that_has_the_key(d: Dict) -> None:
    for attempt in (lambda: d["no"], lambda: d.pop("no"), lambda: d.__delitem__("no")):
        with pytest.raises(KeyError) as raised:
            attempt()
        assert raised.value.args == ("no",)


def test_put_says_whether_it_wrote(d: Dict) -> None:
    assert d.put("k", 1) is True
    assert d.put("k", 2) is True
    assert d.put("k", 3, skip_if_exists=True) is False
    assert d["k"] == 2
    assert d.put("new", 3, skip_if_exists=True) is True


def test_of_many_that_claim_a_key_one_gets_it(d: Dict) -> None:
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: d.put("lock", n, skip_if_exists=True), range(16)))
        assert won.count(True) == 1
        assert d["lock"] == won.index(True)
        popped = list(pool.map(lambda _: d.pop("lock", None), range(16)))
    assert [value for value in popped if value is not None] == [won.index(True)]


class TestKeys:
    def test_equal_keys_of_one_type_are_one_key(self) -> None:
        text = "".join(["a", "b"])
        for one, other in [
            ("ab", text),
            ((text, text), ("ab", "a" + "b")),
            (10**30, int("1" + "0" * 30)),
            (frozenset("abcdef"), frozenset("fedcba")),
            ((1, frozenset([(2, "x")])), (1, frozenset([(2, "x")]))),
            (0.0, -0.0),
            (datetime.date(2026, 1, 2), datetime.date(2026, 1, 2)),
            (uuid.UUID(int=7), uuid.UUID(int=7)),
        ]:
            assert one == other
            assert key_bytes(one) == key_bytes(other)

    def test_keys_of_different_types_are_different_keys(self, d: Dict) -> None:
        keys: list[Any] = [1, 1.0, True, "1", b"1", (1,), (1.0,), None, frozenset([1])]
        for number, key in enumerate(keys):
            d[key] = number
        assert [d[key] for key in keys] == list(range(len(keys)))
        assert [repr(key) for key in d] == [repr(key) for key in keys]

    def test_a_set_is_written_alike_in_every_process(self) -> None:
        code = "from farcall.objects.keys import key_bytes; print(key_bytes((frozenset('abcdefgh'), 'x')).hex())"
        env = {"PYTHONHASHSEED": "7", "PATH": ""}
        said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60)
        assert said.stdout.strip() == key_bytes((frozenset("abcdefgh"), "x")).hex()

    def test_what_python_does_not_take_is_not_taken(self, d: Dict) -> None:
        unhashable: list[Any] = [[1], {}, {1}, (1, [2])]
        for key in unhashable:
            with pytest.raises(TypeError, match="unhashable"):
                d[key] = 1
        with pytest.raises(errors.InvalidError, match="a key is too long, got 20,0"):
            d["x" * 20_000] = 1
        assert len(d) == 0

    def test_a_long_key_is_as_good_as_a_short_one(self, d: Dict) -> None:
        d["y" * 5000], d["y" * 5001] = 1, 2
        assert d["y" * 5000] == 1
        assert "y" * 4999 not in d


def test_a_large_value_comes_back_and_leaves_with_its_entry(d: Dict) -> None:
    large = bytes(range(256)) * 4000
    d["large"] = large
    assert d["large"] == large
    assert d.pop("large") == large
    assert "large" not in d
    d["large"] = large
    d["large"] = 1
    assert list(d.items()) == [("large", 1)]


def test_many_entries_are_put_and_read_page_by_page(d: Dict) -> None:
    d.update({f"key {number}": "x" * 500 for number in range(3000)})
    assert len(d) == 3000
    assert list(d.keys()) == [f"key {number}" for number in range(3000)]
    assert sum(len(value) for value in d.values()) == 3000 * 500


def test_a_value_that_cannot_be_pickled_harms_nothing(d: Dict) -> None:
    d["k"] = 1
    with pytest.raises(errors.SerializationError, match="value"):
        d["k"] = (n for n in range(3))
    assert d["k"] == 1


class TestNames:
    def test_a_name_is_the_same_dict_everywhere(self) -> None:
        name = new_name()
        Dict.from_name(name, create_if_missing=True)["k"] = 1
        code = f"from farcall import Dict; d = Dict.from_name({name!r}); d['k'] += 41; print(d['k'])"
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
        assert said.stdout.strip() == "42", said.stderr
        assert Dict.from_name(name)["k"] == 42
        assert Dict.from_name(name, environment_name="dev", create_if_missing=True).get("k") is None

    def test_nothing_is_asked_before_the_first_use(self) -> None:
        missing = Dict.from_name(new_name())
        assert str(missing.name) in repr(missing)
        with pytest.raises(errors.NotFoundError, match=f'there is no dict named "{missing.name}" here'):
            missing["k"]

    def test_they_are_listed_made_and_deleted(self) -> None:
        name = new_name()
        Dict.objects.create(name)
        with pytest.raises(errors.InvalidError, match=r"named .* already"):
            Dict.objects.create(name)
        Dict.objects.create(name, allow_existing=True)
        assert [each.name for each in Dict.objects.list(max_objects=1)] == [name]
        used = Dict.from_name(name)
        used["k"] = 1
        info = used.info()
        assert (info.name, info.count, info.created_by) == (name, 1, "")
        assert info.bytes > 0
        Dict.delete(name)
        with pytest.raises(errors.NotFoundError, match="it was deleted"):
            used["k"]
        with pytest.raises(errors.NotFoundError):
            Dict.objects.delete(name)
        Dict.objects.delete(name, allow_missing=True)

    def test_lookup_asks_at_once(self) -> None:
        with pytest.warns(DeprecationWarning, match="hydrate"), pytest.raises(errors.NotFoundError):
            Dict.lookup(new_name())
        with pytest.warns(DeprecationWarning, match="hydrate"):
            assert Dict.lookup(new_name(), create_if_missing=True).object_id.startswith("di-")

    @pytest.mark.parametrize("name", ["", "a b", "x" * 65, "ä", None, 3])
    def test_what_is_no_name_is_refused(self, name: Any) -> None:
        with pytest.raises(errors.InvalidError, match=r"not a name for a Dict, got .* It takes 1 to 64 letters"):
            Dict.from_name(name)

    def test_an_id_is_enough(self, d: Dict) -> None:
        d["k"] = 1
        assert Dict.from_id(d.object_id)["k"] == 1
        with pytest.raises(errors.InvalidError, match="not the id of a Dict"):
            Dict.from_id("qu-01M80FSVGHQQ6M6JZN309QYSH0")


def test_an_ephemeral_one_is_gone_after_its_block() -> None:
    with Dict.ephemeral() as d:
        d["k"] = 1
        copy: Dict = pickle.loads(pickle.dumps(d))
        assert copy["k"] == 1
    with pytest.raises(errors.NotFoundError, match="ended with the process that made it"):
        copy["k"]


def test_one_of_2022_is_made_at_its_first_use_with_what_it_was_given() -> None:
    stub = farcall.Stub("old")
    stub.scores = Dict({"a": 1})  # type: ignore[attr-defined]
    assert stub.scores["a"] == 1
    assert pickle.loads(pickle.dumps(stub.scores))["a"] == 1


def test_it_goes_into_containers_as_argument_and_as_captured_value(d: Dict) -> None:
    @farcall.function(max_containers=1)
    def count(key: str, into: Dict) -> tuple[int, int]:
        import os

        into[key] = into.get(key, 0) + 1
        d["captured"] = d.get("captured", 0) + 1
        return os.getpid(), d["captured"]

    first = count.remote("argument", d)
    second = count.remote("argument", d)
    assert (first[1], second[1]) == (1, 2)
    assert first[0] == second[0]
    assert (d["argument"], d["captured"]) == (2, 2)


def test_another_captured_dict_does_not_restart_the_container() -> None:
    with Dict.ephemeral() as one, Dict.ephemeral() as other:
        where = one

        @farcall.function(max_containers=1)
        def write() -> int:
            import os

            where["pid"] = os.getpid()
            return os.getpid()

        before = write.remote()
        where = other
        assert write.remote() == before == one["pid"] == other["pid"]


def test_a_dict_in_a_dict(d: Dict) -> None:
    with Dict.ephemeral() as inner:
        d["inner"] = inner
        d["inner"]["k"] = 1
        assert inner["k"] == 1


def test_every_method_has_its_async_twin() -> None:
    async def use() -> None:
        async with Dict.ephemeral() as d:
            assert await d.put.aio("a", 1)
            assert not await d.put.aio("a", 2, skip_if_exists=True)
            assert await d.get.aio("a") == 1
            assert await d.contains.aio("a")
            await d.update.aio({"b": 2}, c=3)
            assert await d.len.aio() == 3
            assert [key async for key in d.keys.aio()] == ["a", "b", "c"]
            assert [value async for value in d.values.aio()] == [1, 2, 3]
            assert [item async for item in d.items.aio()] == [("a", 1), ("b", 2), ("c", 3)]
            assert await d.pop.aio("b") == 2
            assert (await d.info.aio()).count == 2
            await d.clear.aio()
            assert await d.len.aio() == 0
            await asyncio.gather(*(d.put.aio(number, number) for number in range(50)))
            assert await d.len.aio() == 50
        name = new_name()
        await Dict.objects.create.aio(name)
        assert name in [each.name for each in await Dict.objects.list.aio()]
        assert await (await Dict.from_name(name).hydrate.aio()).len.aio() == 0
        await Dict.objects.delete.aio(name)

    asyncio.run(use())
