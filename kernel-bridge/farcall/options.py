"""The options of a function: one parser and one set of checks for the decorator, the magics and `with_options`.

`Options.of` takes what the user wrote and raises `InvalidError` at once: the option, what it got, what it takes, the
nearest name. `Options.spec` is the same for the wire.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from .errors import InvalidError, compose, nearest
from .manner import PLAIN, Manner
from .retries import Retries
from .wire.messages import FunctionSpec

__all__ = ["NAMES", "RENAMED", "Options", "Retries"]

_MOST_SECONDS = 7 * 24 * 3600.0
_MOST_CONTAINERS = 10_000
_GPU = re.compile(r"^[A-Za-z0-9][A-Za-z0-9 ._+-]*(:([1-9][0-9]?|0\.(?!0+$)[0-9]{1,3}))?$")
_NAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}$")
_VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")

#: Names of earlier generations of the API → today's.
RENAMED = {
    "keep_warm": "min_containers",
    "concurrency_limit": "max_containers",
    "container_idle_timeout": "scaledown_window",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a function asks for. Times in seconds, memory in MiB, cpu in cores; a pair is (request, limit).

    The request is claimed on the host while a container lives; the limit is what it may use. One number of ``cpu`` is
    the request, without a limit; one number of ``memory`` is both.
    """

    image: Any = None
    #: Ranked choices, each a count (``"A100:2"``) or a share of one (``"A100:0.5"``); `""` as the last: else without.
    gpu: tuple[str, ...] = ()
    cpu: float | tuple[float, float] = 0.125
    memory: int | tuple[int, int] = 0
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[Any, ...] = ()
    #: Always empty: volumes come later, and are refused until then.
    volumes: Mapping[str, Any] = field(default_factory=dict)
    retries: Retries = field(default_factory=lambda: Retries(max_retries=0))
    #: Of one attempt, from its start; None: no limit.
    timeout: float | None = 300.0
    #: None: as `timeout`, at least 300 s.
    startup_timeout: float | None = None
    min_containers: int = 0
    #: None: as many as the host holds.
    max_containers: int | None = None
    buffer_containers: int = 0
    scaledown_window: float = 60.0
    #: The host's region is one of these; empty: any.
    region: tuple[str, ...] = ()
    cloud: str | None = None
    name: str | None = None
    schedule: Any = None
    #: Inputs before a container leaves; None: no limit.
    max_inputs: int | None = None
    single_use_containers: bool = False
    #: Given by the decorators of concurrency.py, never by name.
    manner: Manner = PLAIN

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Options:
        """Options from what the user wrote.

        Raises:
            InvalidError: an unknown option, or a value it does not take.
        """
        return _together(cls(**_checked(given)))

    def but(self, given: Mapping[str, Any]) -> Options:
        """These options with others on top: the last value wins, `secrets`, `volumes` and `env` replace."""
        return _together(replace(self, **_checked(given)))

    def spec(
        self,
        app: str,
        name: str,
        *,
        is_generator: bool = False,
        is_async: bool = False,
        imports: Iterable[str] = (),
        secrets: Mapping[str, str] | None = None,
    ) -> FunctionSpec:
        """The options as the gateway reads them. `secrets` are the values of `self.secrets`; `env` comes on top."""
        timeout = self.timeout or 0.0
        return FunctionSpec(
            app=app,
            name=name,
            is_generator=is_generator,
            is_async=is_async,
            timeout=timeout,
            startup_timeout=max(timeout, 300.0) if self.startup_timeout is None else self.startup_timeout,
            max_retries=self.retries.max_retries,
            initial_delay=float(self.retries.initial_delay),
            backoff=float(self.retries.backoff_coefficient),
            max_delay=float(self.retries.max_delay),
            cpu=float(self.cpu[0] if isinstance(self.cpu, tuple) else self.cpu),
            memory=self.memory[1] if isinstance(self.memory, tuple) else self.memory,
            gpu=self.gpu,
            min_containers=self.min_containers,
            max_containers=self.max_containers or 0,
            buffer_containers=self.buffer_containers,
            scaledown_window=float(self.scaledown_window),
            max_inputs=1 if self.single_use_containers else self.max_inputs or 0,
            imports=tuple(imports),
            secrets={**(secrets or {}), **self.env},
            hidden=tuple(name for name in secrets or {} if name not in self.env),
            max_concurrent=self.manner.max_concurrent,
            target_concurrent=self.manner.target_concurrent,
            max_batch=self.manner.max_batch,
            batch_wait=self.manner.wait_ms / 1000,
            cpu_limit=float(self.cpu[1]) if isinstance(self.cpu, tuple) else 0.0,
            memory_request=self.memory[0] if isinstance(self.memory, tuple) else 0,
            region=self.region,
            cloud=self.cloud or "",
        )


NAMES = tuple(one.name for one in fields(Options) if one.name != "manner")

Check = Callable[[str, Any], Any]


def check_number(name: str, value: object, *, low: float, high: float, takes: str) -> float:
    """A number within [low, high], as float; also for `update_autoscaler` and the like."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise _wrong(name, value, takes)
    return float(value)


def check_count(name: str, value: object, *, low: int, high: int, takes: str) -> int:
    """A whole number within [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _wrong(name, value, takes)
    return value


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    for name in given:
        if name in RENAMED:
            raise InvalidError(compose(f"the option {name!r} has a new name", do=f"Write {RENAMED[name]}="))
        if name not in _CHECKS:
            takes = ", ".join(NAMES)
            raise InvalidError(compose(f"there is no option {name!r}", takes=takes, do=nearest(name, NAMES)))
    return {name: _CHECKS[name](name, value) for name, value in given.items()}


def _together(options: Options) -> Options:
    """What no option can say alone."""
    most = options.max_containers
    if most is not None and most < options.min_containers:
        raise InvalidError(
            compose(
                f"max_containers={most} is below min_containers={options.min_containers}",
                do="Raise max_containers or lower min_containers",
            )
        )
    if options.single_use_containers and options.max_inputs not in (None, 1):
        raise InvalidError(
            compose(
                f"single_use_containers=True means max_inputs=1, got max_inputs={options.max_inputs}", do="Give one"
            )
        )
    return options


def _wrong(name: str, value: object, takes: str) -> InvalidError:
    shown = repr(value)
    return InvalidError(
        compose(f"the option {name}= is wrong", got=shown if len(shown) <= 80 else shown[:77] + "...", takes=takes)
    )


# ── one check an option


def _gpu(name: str, value: object) -> tuple[str, ...]:
    takes = (
        'a name as nvidia-smi says it, alone or with a count or a share ("A100", "H100:2", "A100:0.5", "any"), '
        "or a ranked list of names that may end in None"
    )
    if value is None:
        return ()
    ranked: list[Any] = list(value) if isinstance(value, (list, tuple)) else [value]
    if ranked and ranked[-1] is None:
        ranked[-1] = ""
    if not ranked or ranked == [""]:
        raise _wrong(name, value, takes)
    for number, choice in enumerate(ranked):
        last = number == len(ranked) - 1
        if not isinstance(choice, str) or not (_GPU.match(choice) or (choice == "" and last and number)):
            raise _wrong(name, value, takes)
    return tuple(ranked)


def _pair(name: str, value: object, one: Callable[[object], Any], takes: str) -> Any:
    if not isinstance(value, (tuple, list)):
        return one(value)
    if len(value) != 2:
        raise _wrong(name, value, takes)
    request, limit = one(value[0]), one(value[1])
    if limit < request:
        raise InvalidError(compose(f"{name}=({request}, {limit}): the limit is below the request", takes=takes))
    return request, limit


def _cpu(name: str, value: object) -> Any:
    takes = "cores: a number above 0 and at most 1,024, or (request, limit)"
    return _pair(name, value, lambda one: check_number(name, one, low=0.001, high=1024, takes=takes), takes)


def _memory(name: str, value: object) -> Any:
    takes = "MiB: a whole number from 1 on, or (request, limit)"
    if value is None:
        return 0
    return _pair(name, value, lambda one: check_count(name, one, low=1, high=2**30, takes=takes), takes)


def _variables(name: str, value: object) -> dict[str, str]:
    takes = 'variables: a dict such as {"LOG_LEVEL": "debug"}, text to text'
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _wrong(name, value, takes)
    for key, text in value.items():
        if not isinstance(key, str) or not _VARIABLE.match(key) or not isinstance(text, str) or "\0" in text:
            raise _wrong(f"{name}[{key!r}]", text, takes)
    return dict(value)


def _secrets(name: str, value: object) -> tuple[Any, ...]:
    takes = "a list of farcall.Secret objects"
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(hasattr(one, "variables") for one in value):
        raise _wrong(name, f"{type(value).__name__} of {_kinds(value)}", takes)
    return tuple(value)


def _kinds(value: object) -> str:
    return ", ".join(sorted({type(one).__name__ for one in value})) if isinstance(value, Iterable) else repr(value)


def _volumes(name: str, value: object) -> dict[str, Any]:
    takes = 'a dict of absolute paths to volumes, such as {"/data": volume}'
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(path, str) and path.startswith("/") for path in value):
        raise _wrong(name, value, takes)
    if value:
        do = "Read a folder of the machine that the containers run on, or get files inside the function"
        raise InvalidError(compose(f"{name}= has to stay empty: there are no volumes yet", do=do))
    return {}


def _retries(name: str, value: object) -> Retries:
    takes = "a whole number of further attempts, or farcall.Retries(max_retries, ...)"
    if value is None:
        return Retries(max_retries=0)
    if isinstance(value, Retries):
        return value
    count = check_count(name, value, low=0, high=1_000_000, takes=takes)
    return Retries(max_retries=count, backoff_coefficient=1.0, initial_delay=1.0)


def _timeout(name: str, value: object) -> float | None:
    if value is None:
        return None
    return check_number(name, value, low=0.001, high=_MOST_SECONDS, takes="seconds above 0 and up to 7 days, or None")


def _window(name: str, value: object) -> float:
    return check_number(name, value, low=0.001, high=_MOST_SECONDS, takes="seconds above 0 and up to 7 days")


def _containers(name: str, value: object) -> int:
    return check_count(name, value, low=0, high=_MOST_CONTAINERS, takes="a whole number from 0 to 10,000")


def _from_one(name: str, value: object) -> int | None:
    if value is None:
        return None
    return check_count(name, value, low=1, high=2**31 - 1, takes="a whole number from 1 on, or None")


def _named(name: str, value: object) -> str | None:
    takes = "up to 64 letters, digits, dots, dashes and underscores"
    if value is not None and not (isinstance(value, str) and _NAME.match(value)):
        raise _wrong(name, value, takes)
    return value


def _regions(name: str, value: object) -> tuple[str, ...]:
    takes = 'a region that a host was given with `farcall serve --region`, such as "eu", or a list of them'
    if value is None:
        return ()
    regions = [value] if isinstance(value, str) else value
    if not isinstance(regions, (list, tuple)) or not regions:
        raise _wrong(name, value, takes)
    if not all(isinstance(one, str) and _NAME.match(one) for one in regions):
        raise _wrong(name, value, takes)
    return tuple(regions)


def _word(name: str, value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and _NAME.match(value)):
        raise _wrong(name, value, 'a name that a host was given with `farcall serve --cloud`, such as "aws", or None')
    return value


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, value, "True or False")
    return value


def _image(name: str, value: object) -> object:
    if value is not None and not hasattr(type(value), "recipe"):
        raise _wrong(name, value, 'a farcall.Image, such as Image.debian_slim().pip_install("numpy"), or None')
    return value


def _anything(name: str, value: object) -> object:
    return value


_CHECKS: dict[str, Check] = {
    "image": _image,
    "gpu": _gpu,
    "cpu": _cpu,
    "memory": _memory,
    "env": _variables,
    "secrets": _secrets,
    "volumes": _volumes,
    "retries": _retries,
    "timeout": _timeout,
    "startup_timeout": _timeout,
    "min_containers": _containers,
    "max_containers": _from_one,
    "buffer_containers": _containers,
    "scaledown_window": _window,
    "region": _regions,
    "cloud": _word,
    "name": _named,
    "schedule": _anything,
    "max_inputs": _from_one,
    "single_use_containers": _flag,
}
