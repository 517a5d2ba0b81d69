"""`farcall.Retries`: how often, and after which delays, a failing input runs again. options.py checks and reads it."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import InvalidError, compose


@dataclass(frozen=True, kw_only=True)
class Retries:
    """A retry policy: attempts = 1 + ``max_retries``; delays in seconds.

    Args:
        max_retries: further attempts after the first, 0 or more.
        backoff_coefficient: what each delay is multiplied with, 1 to 10.
        initial_delay: before the first retry, 0 to 60 s.
        max_delay: no delay is longer, 1 to 60 s.
        retry_on: exception types that are worth another attempt; None: all.

    Raises:
        InvalidError: a value out of its range.
    """

    max_retries: int
    backoff_coefficient: float = 2.0
    initial_delay: float = 1.0
    max_delay: float = 60.0
    retry_on: tuple[type[BaseException], ...] | type[BaseException] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.retry_on, type):
            object.__setattr__(self, "retry_on", (self.retry_on,))
        _must_be_exceptions(self.retry_on)
        _within("max_retries", self.max_retries, 0, 1_000_000)
        _within("backoff_coefficient", self.backoff_coefficient, 1, 10)
        _within("initial_delay", self.initial_delay, 0, 60)
        _within("max_delay", self.max_delay, 1, 60)

    @property
    def listed(self) -> tuple[type[BaseException], ...]:
        """The exception types of ``retry_on``; empty: all."""
        return (self.retry_on,) if isinstance(self.retry_on, type) else self.retry_on or ()


def _must_be_exceptions(listed: object) -> None:
    kinds = listed if isinstance(listed, tuple) else () if listed is None else (listed,)
    for kind in kinds:
        if not isinstance(kind, type) or not issubclass(kind, BaseException):
            takes = "an exception type, or a tuple of them"
            raise InvalidError(compose("Retries(retry_on=) is wrong", got=repr(kind), takes=takes))


def _within(name: str, value: float, low: float, high: float) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not low <= value <= high or (name == "max_retries" and not isinstance(value, int)):
        raise InvalidError(compose(f"Retries({name}=) is out of range", got=repr(value), takes=f"{low:,} to {high:,}"))
