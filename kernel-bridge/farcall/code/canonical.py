"""The canonical description of functions and classes: the same for the same source, in every process.

No file names, line numbers, comments, identities or hash order go in, so a cell that is run again in a new kernel
describes itself as before. `version.py` and `pickler.py` hash what comes out; nothing here is ever executed remotely.
"""

from __future__ import annotations

import dataclasses
import dis
import enum
import functools
import hashlib
import pickle
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

from .lookup import by_reference, global_names, home, is_once

#: The attribute of a function or class under which it is remembered how it was last seen.
SNAPSHOT = "__farcall_snapshot__"
#: Sentinels that must stay themselves: they are compared with `is`.
SINGLETONS: dict[int, tuple[str, str]] = {
    id(getattr(dataclasses, name)): ("dataclasses", name)
    for name in ("MISSING", "KW_ONLY", "_HAS_DEFAULT_FACTORY", "_FIELD", "_FIELD_CLASSVAR", "_FIELD_INITVAR")
    if hasattr(dataclasses, name)
}
LRU_CACHE = type(functools.lru_cache(lambda: None))
_WRAPPED = (staticmethod, classmethod)
_BUILTIN = (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType)
_DESCRIPTOR = (types.GetSetDescriptorType, types.MemberDescriptorType, types.ClassMethodDescriptorType)
#: Attributes of a class that Python or the reader makes, not the user.
SKIPPED = frozenset(
    (
        "__dict__",
        "__weakref__",
        SNAPSHOT,
        "__slotnames__",
        "__module__",
        "__firstlineno__",
        "__static_attributes__",
        "__annotate__",
        "__annotate_func__",
        "__annotations_cache__",
        "__annotations__",
        "__conditional_annotations__",
        "__abstractmethods__",
        "_abc_impl",
    )
)

#: Told of every value that is data, not code, with the function that sees it; returns whether it was set aside.
Spot = Callable[[types.FunctionType, "str | int", object], bool]


def digest(thing: object, **hooks: Any) -> str:
    """The hash of a thing's canonical description, 32 hex digits."""
    describer = Describer(**hooks)
    describer.describe(thing)
    return describer.hexdigest()


class Describer:
    """Walks a thing and hashes what it sees. One walk is one description: what was seen before is named by its number.

    `reference` names things that stand for others (farcall Functions); `spot` takes captured values away.
    """

    def __init__(self, *, reference: Callable[[object], str | None] | None = None, spot: Spot | None = None) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._seen: dict[int, int] = {}
        self._alive: list[object] = []  # keeps what was seen from being freed, so that no id is used twice
        self._reference = reference
        self._spot = spot
        self.modules: dict[str, types.ModuleType] = {}
        self.functions: list[types.FunctionType] = []
        self.classes: list[type] = []
        self.caches: list[Any] = []

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def pass_by(self, thing: object) -> None:
        """Take a thing as known: it is not walked into."""
        self._again(thing)

    def describe(self, thing: Any) -> None:
        """Add one thing to the description."""
        kind = type(thing)
        describe = _PLAIN.get(kind)
        if describe is not None:
            describe(self, thing)
            return
        if id(thing) in SINGLETONS:
            self._say("singleton", *SINGLETONS[id(thing)])
            return
        name = self._reference(thing) if self._reference else None
        if name is not None:
            self._say("reference", name)
        elif not self._again(thing):
            self._describe_object(thing)

    def _describe_object(self, thing: Any) -> None:
        if isinstance(thing, types.FunctionType):
            self._function(thing)
        elif isinstance(thing, type):
            self._class(thing)
        elif isinstance(thing, types.ModuleType):
            self._say("module", thing.__name__)
            self.modules[thing.__name__] = thing
        elif isinstance(thing, LRU_CACHE):
            self._lru_cache(thing)
        elif is_once(thing):
            self._say("once")
            self.caches.append(thing)
            self.describe(thing.__farcall_once__)
        elif isinstance(thing, _BUILTIN + _DESCRIPTOR):
            self._say("builtin", str(getattr(thing, "__module__", "")), thing.__qualname__)
        elif not self._wrapper(thing):
            self._value(thing)

    def _wrapper(self, thing: Any) -> bool:
        parts: Iterable[object]
        if isinstance(thing, _WRAPPED):
            parts = (thing.__func__,)
        elif isinstance(thing, property):
            parts = (thing.fget, thing.fset, thing.fdel)
        elif isinstance(thing, functools.cached_property):
            parts = (thing.func, thing.attrname)
        elif isinstance(thing, functools.partial):
            parts = (thing.func, thing.args, thing.keywords)
        elif isinstance(thing, types.MethodType):
            parts = (thing.__func__, thing.__self__)
        elif isinstance(thing, dataclasses.Field):
            parts = (thing.name, thing.default, thing.default_factory, thing.init, thing.compare, thing._field_type)  # type: ignore[attr-defined]
        else:
            return False
        self._say(type(thing).__name__)
        for part in parts:
            self.describe(part)
        return True

    # ── code

    def _function(self, function: types.FunctionType) -> None:
        if by_reference(function):
            self._global(function)
            return
        self.functions.append(function)
        self._say("function", function.__qualname__)
        self.describe(function.__code__)
        self.describe(function.__defaults__)
        self.describe(function.__kwdefaults__)
        self._globals(function)
        for index, cell in enumerate(function.__closure__ or ()):
            self._cell(function, index, cell)
        for name, value in function.__dict__.items():
            if name != SNAPSHOT:
                self._say("attribute", name)
                self.describe(value)

    def _globals(self, function: types.FunctionType) -> None:
        module = home(function)
        if module is not None:
            self._say("in", module.__name__)
            self.modules[module.__name__] = module
        for name in global_names(function.__code__):
            if name not in function.__globals__:
                continue
            value = function.__globals__[name]
            if module is None:
                self._seen_by(function, name, value)
            elif self._reference:
                self._reference(value)

    def _cell(self, function: types.FunctionType, index: int, cell: types.CellType) -> None:
        try:
            value = cell.cell_contents
        except ValueError:
            self._say("empty cell")
            return
        self._seen_by(function, index, value)

    def _seen_by(self, function: types.FunctionType, where: str | int, value: object) -> None:
        self._say("sees", str(where))
        if self._spot is not None and self._is_value(value) and self._spot(function, where, value):
            self._say("value")
        else:
            self.describe(value)

    def _is_value(self, thing: Any) -> bool:
        if thing is None or thing is Ellipsis or thing is NotImplemented or id(thing) in SINGLETONS:
            return False
        if isinstance(
            thing, (type, types.FunctionType, types.ModuleType, LRU_CACHE, types.MethodType, functools.partial)
        ):
            return False
        if is_once(thing):
            return False
        if isinstance(thing, _BUILTIN + _WRAPPED):
            return isinstance(thing, types.BuiltinFunctionType) and _owner(thing) is not None
        return not (self._reference and self._reference(thing) is not None)

    def _global(self, thing: types.FunctionType | type) -> None:
        self._say("global", thing.__module__, thing.__qualname__)
        module = sys.modules.get(thing.__module__)
        if module is not None:
            self.modules[module.__name__] = module

    def _code(self, code: types.CodeType) -> None:
        self._say("code", code.co_name, *map(str, (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)))
        self._say("names", *code.co_varnames, "", *code.co_freevars, "", *code.co_cellvars, str(code.co_flags))
        if "__firstlineno__" in code.co_names:
            self._class_body(code)
            return
        self._say("bytes", code.co_code.hex(), getattr(code, "co_exceptiontable", b"").hex(), *code.co_names)
        for const in code.co_consts:
            self.describe(const)

    def _class_body(self, code: types.CodeType) -> None:
        """Python 3.13 and later write a class's line number into its body: take it out again."""
        instructions = [one for one in dis.get_instructions(code) if one.opname not in ("NOP", "CACHE", "EXTENDED_ARG")]
        following = [one.argval for one in instructions[1:]]
        for one, name in zip(instructions, [*following, None], strict=True):
            if name != "__firstlineno__":
                self._say(one.opname)
                if one.opcode not in dis.hasjrel and one.opcode not in dis.hasjabs:
                    self.describe(one.argval)

    def _lru_cache(self, cache: Any) -> None:
        self.caches.append(cache)
        parameters = cache.cache_parameters()
        self._say("lru_cache", str(parameters["maxsize"]), str(parameters["typed"]))
        self.describe(cache.__wrapped__)

    # ── classes

    def _class(self, cls: type) -> None:
        if by_reference(cls) or cls.__module__ == "builtins":
            self._global(cls)
            return
        self.classes.append(cls)
        self._say("class", cls.__qualname__)
        self.describe(type(cls))
        for base in cls.__bases__:
            self.describe(base)
        for name, kind in vars(cls).get("__annotations__", {}).items():
            self._say("annotation", name, kind if isinstance(kind, str) else _type_name(kind))
        for name in sorted(vars(cls).get("__abstractmethods__", ())):
            self._say("abstract", name)
        self._attributes(cls)

    def _attributes(self, cls: type) -> None:
        members = set(cls.__members__) if isinstance(cls, enum.EnumMeta) else set()
        for name, value in vars(cls).items():
            if name in SKIPPED or (members and _made_by_enum(name)):
                continue
            self._say("attribute", name)
            if name in members:
                self.describe(cls[name].value if isinstance(cls, enum.EnumMeta) else value)
            else:
                self.describe(value)

    # ── values

    def _value(self, value: Any) -> None:
        """A value inside code: a default, an attribute. By its pickle; by its type when it has none."""
        self._say("value", type(value).__module__, type(value).__qualname__)
        if not by_reference(type(value)):
            self.describe(type(value))
        state = getattr(value, "__dict__", None)
        if isinstance(state, dict) and _reduces_plainly(type(value)):
            self.describe(state)
            return
        try:
            self._add(pickle.dumps(value, 5))
        except Exception:
            self._say("opaque")

    def _sequence(self, items: Any) -> None:
        self._say(type(items).__name__, str(len(items)))
        for item in items:
            self.describe(item)

    def _mutable(self, items: Any) -> None:
        if not self._again(items):
            self._sequence(items)

    def _set(self, items: Any) -> None:
        self._say(type(items).__name__, *sorted(digest(item, reference=self._reference) for item in items))

    def _dict(self, items: dict[Any, Any]) -> None:
        if self._again(items):
            return
        self._say("dict", str(len(items)))
        for key, value in items.items():
            self.describe(key)
            self.describe(value)

    def _again(self, thing: object) -> bool:
        number = self._seen.get(id(thing))
        if number is not None:
            self._say("again", str(number))
            return True
        self._seen[id(thing)] = len(self._seen)
        self._alive.append(thing)
        return False

    def _say(self, *words: str) -> None:
        self._add("\0".join(words).encode("utf-8", "surrogatepass"))

    def _add(self, piece: bytes) -> None:
        self._hash.update(len(piece).to_bytes(8, "little"))
        self._hash.update(piece)


def _say_repr(describer: Describer, thing: object) -> None:
    describer._say(type(thing).__name__, repr(thing))


_PLAIN: dict[type, Callable[[Describer, Any], None]] = {
    **dict.fromkeys(
        (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented)), _say_repr
    ),
    tuple: Describer._sequence,
    list: Describer._mutable,
    set: Describer._set,
    frozenset: Describer._set,
    dict: Describer._dict,
    types.CodeType: Describer._code,
}


def _reduces_plainly(cls: type) -> bool:
    """Whether instances are their `__dict__` and nothing else."""
    own = ("__reduce__", "__reduce_ex__", "__getstate__", "__slots__")
    return not any(name in vars(base) for base in cls.__mro__[:-1] for name in own)


def _owner(builtin: Any) -> object | None:
    """What a builtin method is bound to (`[].append`), None for a plain builtin function."""
    owner = builtin.__self__
    return None if owner is None or isinstance(owner, (types.ModuleType, type)) else owner


def _type_name(kind: object) -> str:
    return f"{kind.__module__}.{kind.__qualname__}" if isinstance(kind, type) else repr(kind)


def _made_by_enum(name: str) -> bool:
    return (
        name.startswith("_")
        and name.endswith("_")
        and name
        not in (
            "_missing_",
            "_generate_next_value_",
            "__doc__",
            "__str__",
            "__repr__",
            "__call__",
            "__new__",
            "__init__",
        )
    )
