"""`label=`: what people call the inputs of a map, by number."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pandas as pd
import polars as pl
import pytest

import farcall
from farcall.calls import labels
from farcall.calls.source import Source
from farcall.errors import InvalidError

TITLES = ["Alien", "Brazil", "Casino", "Dune"]


def score(title: str, year: int = 0) -> int:
    return len(title) + year


def labelled(*inputs: Any, label: Any, limit: int | None = None) -> Source:
    source = Source.of_map(score, "score", inputs, columns=None, rows=False, given={})
    return source.labelled("score", label).limited(limit)


def shown(source: Source) -> list[str]:
    """The labels, after the inputs were pulled as a map pulls them."""
    return named(source, len(list(source)))


def named(source: Source, count: int) -> list[str]:
    namer = source.namer
    assert namer is not None
    return [namer(number) for number in range(count)]


@pytest.mark.parametrize("library", [pd, pl])
def test_a_column_names_the_rows_of_a_frame(library: Any) -> None:
    frame = library.DataFrame({"title": TITLES, "year": [1, 2, 3, 4], "country": ["UK", None, "US", "US"]})
    assert shown(labelled(frame, label="title")) == TITLES
    assert shown(labelled(frame, label="country")) == ["UK", "", "US", "US"], "it need not be an argument"
    assert shown(labelled(frame, label="year")) == ["1", "2", "3", "4"]


def test_a_list_names_any_inputs() -> None:
    assert shown(labelled(range(4), label=TITLES)) == TITLES
    assert shown(labelled(range(4), label=pd.Series(TITLES))) == TITLES
    assert shown(labelled(iter(range(3)), label=TITLES)) == TITLES[:3]


def test_a_function_names_them_by_their_arguments_as_they_are_pulled() -> None:
    called: list[str] = []

    def upper(title: str, year: int) -> str:
        called.append(title)
        return f"{title.upper()} {year}"

    source = labelled(TITLES, iter([1, 2, 3, 4]), label=upper)
    assert called == []
    assert shown(source) == ["ALIEN 1", "BRAZIL 2", "CASINO 3", "DUNE 4"]
    frame = pd.DataFrame({"title": TITLES, "year": [1, 2, 3, 4]})
    assert shown(labelled(frame, label=lambda title, year: f"{year}: {title}"))[3] == "4: Dune"


def test_a_function_names_what_only_a_coroutine_pulls() -> None:
    async def titles() -> AsyncIterator[str]:
        for title in TITLES:
            yield title

    async def pulled() -> list[str]:
        source = labelled(titles(), label=str.lower)
        return named(source, len([given async for given in source]))

    assert asyncio.run(pulled()) == ["alien", "brazil", "casino", "dune"]


def test_a_limited_map_has_the_labels_of_the_inputs_that_run() -> None:
    assert shown(labelled(range(4), label=TITLES, limit=2)) == ["Alien", "Dune"]
    assert shown(labelled(TITLES, label=str.lower, limit=2)) == ["alien", "dune"]
    assert shown(labelled(iter(TITLES), label=str.lower, limit=2)) == ["alien", "brazil"]


def test_the_rest_of_a_limited_map_has_the_labels_of_the_whole() -> None:
    few = labelled(TITLES, label=str.lower, limit=2)
    list(few)
    assert few.whole is not None
    list(few.whole.without([0, 3]))
    assert named(few.whole, 4) == ["alien", "brazil", "casino", "dune"]


def test_labels_are_short_and_on_one_line() -> None:
    long, lines, odd = shown(labelled(range(3), label=["x" * 500, "one\n  two\tthree", pd.NA]))
    assert (len(long), long[-1]) == (80, "…")
    assert lines == "one two three"
    assert odd == ""


def test_a_function_is_kept_for_so_many_inputs_and_not_called_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MOST_NOTED", 2)
    called: list[str] = []
    assert shown(labelled(TITLES, label=lambda title: called.append(title) or title)) == ["Alien", "Brazil", "", ""]
    assert called == TITLES[:2]


FRAME = pd.DataFrame({"title": TITLES, "year": [1, 2, 3, 4]})


@pytest.mark.parametrize(
    ("inputs", "label", "says"),
    [
        (FRAME, "titel", r'label=\'titel\' is no column of the dataframe. Did you mean "title"\?'),
        (FRAME, "xyz", r"no column of the dataframe. Its columns: title, year."),
        ([1, 2], "title", r"names a column, but the inputs are not a dataframe. It takes a label for each input, or"),
        ([1, 2], ["a"], r"label= has 1 labels for 2 inputs. Give one label for each input."),
        ([1, 2], 5, r"label= is not understood, got int. It takes the name of a column, a label for each input, or"),
        ([1, 2], {"a": 1, "b": 2}, r"label= is not understood, got dict"),
        ([1, 2], b"ab", r"label= is not understood, got bytes"),
        ([1, 2], iter("ab"), r"label= is not understood"),
    ],
)
def test_a_label_that_makes_no_sense_is_refused_before_anything_runs(inputs: Any, label: Any, says: str) -> None:
    with pytest.raises(InvalidError, match=says):
        labelled(inputs, label=label)


def test_a_function_that_raises_says_for_which_input() -> None:
    def fails(title: str) -> str:
        raise KeyError(title)

    with pytest.raises(InvalidError, match=r"label= failed for input 0: KeyError: 'Alien'") as caught:
        list(labelled(TITLES, label=fails))
    assert isinstance(caught.value.__cause__, KeyError)


def test_map_takes_it() -> None:
    app = farcall.App("labels")
    function = app.function(score)
    with pytest.raises(InvalidError, match="is no column"):
        function.map(FRAME, label="titel")
    results = function.map(FRAME, label="title")
    assert "not started" in repr(results), "labels start nothing"


def test_labels_do_not_keep_the_inputs_alive() -> None:
    class Film:
        pass

    films = [Film(), Film()]
    seen = weakref.ref(films[0])
    source = labelled(films, label=["one", "two"])
    namer = source.namer
    del films, source
    gc.collect()
    assert seen() is None
    assert namer is not None
    assert namer(1) == "two"


def numbers() -> Iterator[int]:
    yield from range(3)


def test_inputs_without_a_length_take_a_longer_list() -> None:
    assert shown(labelled(numbers(), label=TITLES)) == TITLES[:3]
