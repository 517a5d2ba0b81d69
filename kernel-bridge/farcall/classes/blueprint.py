"""What a class of `@app.cls` is: its methods, its hooks, its parameters, and how an instance of it is made.

Read from the user's class, in the client (cls.py) and in containers (container/instance.py). `Schema` is the part
that those need who know the class by its name only.
"""

from __future__ import annotations

import base64
import inspect
import pickle
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..calls.signatures import Told, signature_of, stand_in, told
from ..code.canonical import digest
from ..code.lookup import reference_name
from ..errors import InvalidError, SerializationError, compose, nearest
from ..functions.concurrency import manner_of
from ..values import serialize
from .marks import HOME, MISSING, Home, Hook, Marked, Parameter

#: Annotations whose values are checked; others take whatever pickles.
_CHECKED: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bytes": (bytes,),
    "bool": (bool,),
    "float": (float, int),
}
#: Pickled parameters of one instance: they travel with the function's row.
_MOST = 32 * 1024


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter: its annotation in words, and its default."""

    name: str
    kind: str
    default: Any = MISSING


@dataclass(frozen=True, slots=True)
class Schema:
    """Methods with whether they yield, and parameters; `arguments`: made by an `__init__` of its own instead.

    It is kept with deployments: fields are only ever added at the end, and one of an older deployment lacks them.
    """

    name: str
    methods: dict[str, bool]
    slots: tuple[Slot, ...]
    arguments: bool = False
    #: What each method takes, without `self`.
    takes: dict[str, Told] = field(default_factory=dict)

    def signed(self, method: str) -> Callable[..., Any] | None:
        """Something with the method's signature; None where that was not told."""
        takes: dict[str, Told] = getattr(self, "takes", {})
        return stand_in(method, signature_of(takes[method])) if method in takes else None

    def values(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """What an instance is made with: what was given, and the defaults. Raises ``InvalidError`` that names it."""
        if args:
            happened = f"{self.name}(…) takes its parameters by name"
            raise InvalidError(compose(happened, got=f"{len(args)} positional", takes=self._takes()))
        names = [slot.name for slot in self.slots]
        for name in kwargs:
            if name not in names:
                hint = nearest(name, names)
                raise InvalidError(compose(f"{self.name} has no parameter {name!r}", takes=self._takes(), do=hint))
        missing = [slot.name for slot in self.slots if slot.default is MISSING and slot.name not in kwargs]
        if missing:
            happened = f"{self.name}(…) lacks {_listed(missing)}"
            raise InvalidError(compose(f"Missing required parameter: {happened}", takes=self._takes()))
        return {slot.name: _fitting(self.name, slot, kwargs.get(slot.name, slot.default)) for slot in self.slots}

    def _takes(self) -> str:
        shown = [slot.name + ("" if slot.default is MISSING else f"={slot.default!r}") for slot in self.slots]
        return ", ".join(shown) if shown else "no parameters"

    def packed(self) -> str:
        """As text, for those elsewhere."""
        return base64.b64encode(serialize.dumps(self, name="parameters")).decode()

    @classmethod
    def unpacked(cls, text: str) -> Schema:
        found = serialize.loads(base64.b64decode(text))
        assert isinstance(found, Schema)
        return found


def _mark_batched(cls: type) -> None:
    """`@farcall.batched` alone makes a method of what it decorates, as upstream."""
    for name, value in list(vars(cls).items()):
        if isinstance(value, types.FunctionType) and manner_of(value).max_batch:
            setattr(cls, name, Marked(value, is_generator=None))


class Blueprint:
    """One class, read once."""

    def __init__(self, cls: type) -> None:
        self.cls = cls
        _mark_batched(cls)
        marks = dict(_marks(cls))
        self.methods = {name: mark for name, mark in marks.items() if isinstance(mark, Marked)}
        hooks = [mark for mark in marks.values() if isinstance(mark, Hook)]
        self.enters = sorted((hook for hook in hooks if hook.kind == "enter"), key=lambda hook: not hook.snap)
        self.exits = [hook for hook in hooks if hook.kind == "exit"]
        self.slots = tuple(_slots(cls, marks))
        self.has_init = inspect.getattr_static(cls, "__init__") is not object.__init__

    @property
    def asks(self) -> bool:
        """Whether each instance has parameters, so that the class itself is none."""
        if not self.has_init:
            return bool(self.slots)
        init: Any = inspect.getattr_static(self.cls, "__init__")
        try:
            inspect.signature(init).bind(None)
        except TypeError:
            return True
        except ValueError:
            pass  # one that cannot be read
        return False

    @property
    def schema(self) -> Schema:
        methods = {name: mark.yields for name, mark in self.methods.items()}
        takes = {name: told(types.MethodType(mark.raw, self)) for name, mark in self.methods.items()}
        return Schema(self.cls.__name__, methods, self.slots, self.has_init, takes)

    def checked(self) -> Blueprint:
        """The same. Raises ``InvalidError`` for a class that cannot be one of ours."""
        name = self.cls.__name__
        if not self.methods:
            happened = f"the class {name} has no method that could run far away"
            raise InvalidError(compose(happened, do="Write @farcall.method() above those that should"))
        if self.has_init and self.slots:
            happened = (
                f"{name} has an __init__ and farcall.parameter() attributes ({_listed(s.name for s in self.slots)})"
            )
            raise InvalidError(
                compose(happened, do="Keep the parameters, and do in @farcall.enter() what __init__ does")
            )
        for attribute, value in _attributes(self.cls):
            if hasattr(type(value), "__farcall_function__"):
                happened = f"{name}.{attribute} is decorated with @app.function"
                raise InvalidError(compose(happened, do="In a class of @app.cls, write @farcall.method()"))
        for hook in (*self.enters, *self.exits):
            _check_alone(hook)
        return self

    def make(self, values: Mapping[str, Any]) -> Any:
        """An instance, as `values` (or the arguments of its `__init__`) say."""
        if self.has_init:
            args, kwargs = values.get("args", ()), values.get("kwargs", {})
            return self.cls(*args, **kwargs)
        new: Any = self.cls.__new__
        instance = new(self.cls)
        for name, value in values.items():
            setattr(instance, name, value)
        return instance

    def bound(self, instance: Any, mark: Marked[..., Any] | Hook) -> Callable[..., Any]:
        """The plain method of an instance."""
        return types.MethodType(mark.raw, instance)

    def pinned(self) -> list[Callable[..., Any]]:
        """Functions whose captured values shape what an instance is: all but the methods that inputs are for."""
        found = [hook.raw for hook in (*self.enters, *self.exits)]
        for _, value in _attributes(self.cls):
            plain = getattr(value, "__func__", value)
            found += [each for each in (plain, *_of_property(value)) if inspect.isfunction(each)]
        return found


def settle_in(instance: Any, home: Home) -> None:
    """From now on the instance's methods are Functions, where it can hold an attribute."""
    try:
        object.__setattr__(instance, HOME, home)
    except AttributeError:
        return  # a class with __slots__: its methods are plain ones


def pack_values(name: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Values as text, and their hash by content. Both empty for none.

    Raises:
        InvalidError: one cannot be pickled, or they are too large together.
    """
    if not values:
        return "", ""
    for each, value in values.items():
        _check_pickles(name, each, value)
    packed = serialize.dumps(dict(values), name="parameters")
    if len(packed) > _MOST:
        happened = f"the parameters of {name} are {len(packed) // 1024:,} KiB"
        raise InvalidError(compose(happened, takes="at most 32 KiB", do="Pass large values to methods"))
    return base64.b64encode(packed).decode(), digest(dict(values), reference=reference_name)[:12]


def unpack_values(text: str) -> dict[str, Any]:
    """The values of `pack_values`."""
    found = serialize.loads(base64.b64decode(text)) if text else {}
    assert isinstance(found, dict)
    return found


# ── reading a class


def _marks(cls: type) -> Iterator[tuple[str, Any]]:
    """Marks by name, those of base classes first; a name that means something else in the end is left out."""
    seen: dict[str, None] = {}
    for base in reversed(cls.__mro__[:-1]):
        seen.update(dict.fromkeys(_annotations(base)))
        seen.update(dict.fromkeys(sorted(vars(base), key=lambda name: _line(vars(base)[name]))))
    for name in seen:
        value = inspect.getattr_static(cls, name, None)
        if isinstance(value, (Marked, Hook, Parameter)):
            yield name, value


def _line(value: Any) -> int:
    """Where it stands: a class that was unpickled has its attributes by name, not in order of definition."""
    return int(value.raw.__code__.co_firstlineno) if isinstance(value, (Marked, Hook)) else 0


def _attributes(cls: type) -> Iterator[tuple[str, Any]]:
    for base in cls.__mro__[:-1]:
        yield from list(vars(base).items())


def _of_property(value: Any) -> Iterable[Any]:
    if isinstance(value, property):
        return (value.fget, value.fset, value.fdel)
    return (getattr(value, "func", None),)


def _slots(cls: type, marks: Mapping[str, Any]) -> Iterator[Slot]:
    kinds: dict[str, Any] = {}
    for base in reversed(cls.__mro__[:-1]):
        kinds.update(_annotations(base))
    for name, mark in marks.items():
        if not isinstance(mark, Parameter) or not mark.init:
            continue
        if name not in kinds:
            happened = f"the parameter {name!r} of {cls.__name__} has no annotation"
            raise InvalidError(compose(happened, do=f"Write {name}: str = farcall.parameter(…)"))
        slot = Slot(name, _kind(kinds[name]), mark.default)
        if slot.default is not MISSING:
            _fitting(cls.__name__, slot, slot.default)
        yield slot


def _annotations(cls: type) -> Mapping[str, Any]:
    try:
        return inspect.get_annotations(cls)
    except NameError:  # a name that is imported for type checkers only
        return dict(vars(cls).get("__annotations__", {}))


def _kind(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation.strip()
    return annotation.__name__ if isinstance(annotation, type) and not typing.get_args(annotation) else str(annotation)


def _fitting(name: str, slot: Slot, value: Any) -> Any:
    kinds = _CHECKED.get(slot.kind)
    is_bool = isinstance(value, bool)
    if kinds is None or (isinstance(value, kinds) and (not is_bool or bool in kinds)):
        return value
    happened = f"the parameter {slot.name!r} of {name} is wrong"
    raise InvalidError(compose(happened, got=f"{value!r} ({type(value).__name__})", takes=slot.kind))


def _check_pickles(name: str, parameter: str, value: Any) -> None:
    try:
        serialize.dumps(value, name=parameter)
    except SerializationError as error:
        happened = f"the parameter {parameter!r} of {name} cannot travel: {error}"
        raise InvalidError(
            compose(happened, do="Give what it is made from, and make it in @farcall.enter()")
        ) from error
    except (pickle.PicklingError, TypeError) as error:
        raise InvalidError(f"the parameter {parameter!r} of {name} cannot travel: {error}") from error


def _check_alone(hook: Hook) -> None:
    """A hook is called with nothing but the instance."""
    parameters = list(inspect.signature(hook.raw).parameters.values())
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    asked = [one.name for one in parameters[1:] if one.default is one.empty and one.kind not in kinds]
    if asked or not parameters:
        happened = f"@farcall.{hook.kind} is on {hook.raw.__qualname__}, which asks for {_listed(asked) or 'no self'}"
        raise InvalidError(compose(happened, takes="self alone", do="Use farcall.parameter() for what it needs"))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
