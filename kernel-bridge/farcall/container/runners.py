"""Which runner a function's container has: the loop itself for one input at a time, or one of these.

Asked once, when the code has been loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .answers import Answers
from .batching import Batching
from .cancel import Cancellation
from .concurrent import Concurrent
from .copies import Copies
from .function import LoadedFunction
from .lending import Lending, Standing
from .seat import Seat
from .tasks import AsTasks
from .workers import AsThreads

Runner = Concurrent | Batching


def runner_of(
    seat: Seat,
    answers: Answers,
    function: LoadedFunction,
    cancellation: Cancellation,
    again: Callable[[], LoadedFunction],
) -> tuple[Runner, Seat]:
    """The runner of a function that takes several inputs at once, and its seat, with nested calls as it tells of them.

    ``again`` loads the code once more.
    """
    if seat.spec.max_batch:
        seat = replace(seat, nested=Standing(seat.link, seat.leases))
        return Batching(seat, answers, function, cancellation), seat
    lending = Lending(seat.link, seat.leases, seat.lookout.wake)
    seat = replace(seat, nested=lending)
    runs = AsTasks if seat.spec.is_async else AsThreads
    return runs(seat, answers, Copies(function, again), lending), seat
