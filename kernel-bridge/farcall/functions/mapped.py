"""Running a function over many inputs: `map` and its relatives. `Function` has these members too."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, cast

from ..batches import BatchResults, batches_of
from ..call import FunctionCall
from ..calls.labels import Label
from ..calls.source import Source
from ..frames.frame import is_frame
from ..results import Results
from ..twin import itself, twin
from ..values.traceback_ import without_ours
from .definition import P, R
from .scaling import Scaled

if TYPE_CHECKING:
    from ..function import Function


class Mapped(Scaled[P, R]):
    """What a function does with more than one input."""

    @itself
    def map(
        self,
        *input_iterators: Any,
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool | None = None,
        return_exceptions: bool = False,
        limit: int | None = None,
        resume: Results | str | None = None,
        columns: dict[str, str] | None = None,
        rows: bool = False,
        label: Label | None = None,
        wrap_returned_exceptions: object = None,
    ) -> Results:
        """One input for each element of the zipped iterators (or row of a dataframe). Lazy: see :class:`Results`.

        Args:
            kwargs: given to every input; sent once.
            order_outputs: True: by input; False: as they come; None: by input, for generator functions as they come.
            return_exceptions: put exceptions into the results instead of raising the first.
            limit: run only so many, spread over the input.
            resume: an earlier map (or its call id): what succeeded there keeps its value, the rest runs now.
            columns: parameter name → column name, for a dataframe.
            rows: give each row as one dict.
            label: what its card calls the inputs: a column, a label for each input, or a function of its arguments.
            wrap_returned_exceptions: accepted for scripts of 2025; exceptions are never wrapped.

        Iterators are zipped, and the shortest ends the map. What has a length, or can say that it has ended, is never
        pulled further than that. Of several generators (which cannot be asked) one that goes on longer is pulled once
        too often when it is named before the one that ended: :attr:`Results.leftover` has those elements.
        """
        __tracebackhide__ = True
        _never_wrapped(wrap_returned_exceptions)
        try:
            # Of a function that is known by name the signature has to be asked for.
            signed = self.signed if any(map(is_frame, input_iterators)) else None
            source = Source.of_map(signed, self._name, input_iterators, columns=columns, rows=rows, given=kwargs or {})
            source = source.labelled(self._name, label).limited(limit)
        except Exception as error:
            raise without_ours(error)  # noqa: B904
        return self._results(source, kwargs, order_outputs, return_exceptions=return_exceptions, resume=resume)

    @itself
    def starmap(
        self,
        input_iterator: Iterable[Any],
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool | None = None,
        return_exceptions: bool = False,
        label: Label | None = None,
        wrap_returned_exceptions: object = None,
    ) -> Results:
        """Like :meth:`map`, with one sequence of arguments an item; a wrong arity fails that input."""
        _never_wrapped(wrap_returned_exceptions)
        source = Source.of_starmap(self._name, input_iterator).labelled(self._name, label)
        return self._results(source, kwargs, order_outputs, return_exceptions=return_exceptions, resume=None)

    async def _for_each_async(
        self,
        *input_iterators: Any,
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool = False,
        return_exceptions: bool = False,
        ignore_exceptions: bool = False,
        label: Label | None = None,
    ) -> None:
        """:meth:`for_each` in the running event loop; takes async iterators too."""
        __tracebackhide__ = True
        returns = return_exceptions or ignore_exceptions
        try:
            results = self._dropping(input_iterators, kwargs, order_outputs, returns=returns, label=label)
            async for _ in results:
                pass
        except Exception as error:
            raise without_ours(error)  # noqa: B904

    @twin(_for_each_async)
    def for_each(
        self,
        *input_iterators: Any,
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool = False,
        return_exceptions: bool = False,
        ignore_exceptions: bool = False,
        label: Label | None = None,
    ) -> None:
        """Run it over all inputs now, and drop what it returns. Raises the first failure, unless told to ignore."""
        __tracebackhide__ = True
        returns = return_exceptions or ignore_exceptions
        try:
            results = self._dropping(input_iterators, kwargs, order_outputs, returns=returns, label=label)
            for _ in results:
                pass
        except Exception as error:
            raise without_ours(error)  # noqa: B904

    async def _spawn_map_async(
        self, *input_iterators: Any, kwargs: dict[str, Any] | None = None, label: Label | None = None
    ) -> FunctionCall[R]:
        """:meth:`spawn_map` in the running event loop; takes async iterators too."""
        results = self.map(*input_iterators, kwargs=kwargs, label=label)
        await results.upload_async("spawn_map")
        return cast("FunctionCall[R]", results.call)

    @twin(_spawn_map_async)
    def spawn_map(
        self, *input_iterators: Any, kwargs: dict[str, Any] | None = None, label: Label | None = None
    ) -> FunctionCall[R]:
        """A map that goes on without this process; returns once all its inputs are durable.

        Read it when you like, here or elsewhere: ``call.get(index=…)``, ``call.iter()``, ``call.results()``.
        """
        results = self.map(*input_iterators, kwargs=kwargs, label=label)
        results.upload("spawn_map")
        return cast("FunctionCall[R]", results.call)

    @itself
    def map_batches(
        self,
        frame: Any,
        batch_size: int | Literal["auto"] = "auto",
        *,
        kwargs: dict[str, Any] | None = None,
        order_outputs: bool | None = None,
        return_exceptions: bool = False,
        resume: Results | str | None = None,
    ) -> BatchResults:
        """One input for each ``batch_size`` rows of a frame (or Series, or array): it takes and returns a part of it.

        Lazy, see :class:`BatchResults`: iterate it for the parts, or take ``to_frame()`` for all rows beside the input.

        Args:
            batch_size: rows an input; "auto": about 4 MiB, and at least 16 inputs where there are as many rows.

        Raises:
            InvalidError: no frame or array; a batch size below 1; a generator function.
        """
        source = batches_of(self._name, frame, batch_size, is_generator=self.is_generator)
        return BatchResults(
            cast("Function[..., Any]", self),
            source,
            kwargs=dict(kwargs or {}),
            by_input=order_outputs is not False,
            return_exceptions=return_exceptions,
            resume=resume,
        )

    # ── inside

    def _dropping(
        self,
        input_iterators: tuple[Any, ...],
        kwargs: dict[str, Any] | None,
        order_outputs: bool,
        *,
        returns: bool,
        label: Label | None,
    ) -> Results:
        """The map that :meth:`for_each` runs."""
        __tracebackhide__ = True
        return self.map(
            *input_iterators, kwargs=kwargs, order_outputs=order_outputs, return_exceptions=returns, label=label
        )

    def _results(
        self,
        source: Source,
        kwargs: dict[str, Any] | None,
        order_outputs: bool | None,
        *,
        return_exceptions: bool,
        resume: Results | str | None,
    ) -> Results:
        ordered = not self.is_generator if order_outputs is None else order_outputs
        return Results(
            cast("Function[..., Any]", self),
            source,
            kwargs=dict(kwargs or {}),
            by_input=ordered,
            return_exceptions=return_exceptions,
            resume=resume,
        )


def _never_wrapped(wrap_returned_exceptions: object) -> None:
    if wrap_returned_exceptions is not None:
        warnings.warn(
            "wrap_returned_exceptions does nothing: exceptions are returned as they are", DeprecationWarning, 3
        )
