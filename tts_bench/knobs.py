"""A search's own parameters as checks, read from its signature: there is no second place to declare them."""

from __future__ import annotations

import inspect
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from tts_bench.checks import FLOAT64, INT64, Check, boolean, choice, integer, number, text
from tts_bench.errors import BadInput
from tts_bench.tables import Table
from tts_bench.types import Json, Range, SearchFunction

_NOT_OURS = ("name", "task")  # `name` is the key that names the search


def take_knobs(function: SearchFunction, table: Table) -> dict[str, Json]:
    """The value of every knob of `function`, from `table` or its default, defaults included.

    They are part of a submission's identity, so that a default changed later cannot pass for the old submission.
    """
    found: dict[str, Json] = {}
    for name, (check, default) in signature(function).items():
        if default is inspect.Parameter.empty:
            found[name] = table.take(name, check)
        else:
            found[name] = table.take(name, check, default)
    return found


def signature(function: SearchFunction) -> dict[str, tuple[Check[Any], Any]]:
    """The keyword-only parameters after `task`, each with its check and its default (`Parameter.empty` for none)."""
    file = f"search {getattr(function, 'search_name', function)}"
    try:
        _, *parameters = inspect.signature(function).parameters.values()
        hints = get_type_hints(function, include_extras=True)
    except (TypeError, ValueError, NameError) as error:
        fix = "a search is a function (task, *, ...) whose annotations can be read when it is called"
        raise BadInput.at(file, "signature", str(error), fix) from error
    found = {}
    for parameter in parameters:
        name, default = parameter.name, parameter.default
        if parameter.kind is not parameter.KEYWORD_ONLY or name in _NOT_OURS or not name.isascii():
            fix = "after the task, parameters are keyword-only, have ASCII names, and none is called 'name'"
            raise BadInput.at(file, "parameter", name, fix)
        check = check_of(hints.get(name), file, name)
        given = default is not parameter.empty and default is not None
        found[name] = (check, check(default, file, name) if given else default)
    return found


def check_of(annotation: Any, file: str, name: str, bounds: Range | None = None) -> Check[Any]:
    """The check that an annotation stands for: int, float, str, bool, Literal, one of them or None, with a Range."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        marks = [mark for mark in parts[1:] if isinstance(mark, Range)]
        return check_of(parts[0], file, name, marks[0] if marks else bounds)
    if origin in (Union, UnionType) and len(parts) == 2 and NoneType in parts:
        return check_of(parts[parts[0] is NoneType], file, name, bounds)
    if origin is Literal:
        return choice(*parts)
    if annotation is int:
        return integer(int(bounds.low), int(bounds.high)) if bounds else integer(*INT64)
    if annotation is float:
        return number(bounds.low, bounds.high) if bounds else number(*FLOAT64)
    if annotation is bool:
        return boolean
    if annotation is str:
        return text()
    raise BadInput.at(file, name, annotation, "annotate it as int, float, str, bool, Literal, or one of them | None")
