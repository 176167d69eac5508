"""One tree of errors. Each says what happened, with names, and what to do; none carries personal data.

    FilrougeError
    ├── UsageError            the command or call was used wrongly (exit code 2)
    ├── DefinitionError       a definition (source, segment…) holds faults, told all at once
    ├── Refused               the caller may not do this
    ├── NotFound              there is no such thing, or the caller may not know of it
    ├── Conflict              the thing changed meanwhile, or is busy
    ├── SourceError           a system we read from does not answer as it should
    ├── DestinationError      a system we write to does not take what it is given
    ├── ServerError           either of these two: the server is another, or lets the account not in
    └── StorageError          our own disk, lake or database is in trouble

The message is a template kept apart from its parameters, so that a door may say it in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any


class Phrase:
    """A piece of a sentence, given as a parameter, that a door says in the reader's language too."""

    def __init__(self, template: str, **params: object) -> None:
        self.template = template
        self.params = params

    def __str__(self) -> str:
        return _filled(self.template, self.params, str)


class FilrougeError(Exception):
    """Something that Filrouge can tell in one sentence: ``message`` says what happened, ``hint`` what to do."""

    exit_code = 1
    status = 500

    def __init__(self, message: str, *, hint: str = "", **params: object) -> None:
        self.template = message
        self.hint_template = hint
        self.params = params
        super().__init__(message, hint, params)

    @property
    def message(self) -> str:
        return self.said()[0]

    @property
    def hint(self) -> str:
        return self.said()[1]

    def said(
        self, translate: Callable[[str], str] = str, dated: Callable[[date], str] = date.isoformat
    ) -> tuple[str, str]:
        """Return the message and the hint, each template put through ``translate`` before it is filled, and each day
        among the parameters through ``dated``."""
        parts = (self.template, self.hint_template)
        message, hint = (_filled(part, self.params, translate, dated) if part else "" for part in parts)
        return message, hint

    def plain(self) -> dict[str, Any]:
        """Return the template, the hint and their parameters as JSON can hold them, to be told later."""
        return {"template": self.template, "hint": self.hint_template, "params": _plain(self.params)}

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


def again(trouble: Mapping[str, Any]) -> FilrougeError:
    """Return what ``FilrougeError.plain`` kept as an error, to be raised where it is heard of."""
    params = _phrased(trouble.get("params", {}))
    return FilrougeError(trouble.get("template", ""), hint=trouble.get("hint", ""), **params)


def told(trouble: Mapping[str, Any], translate: Callable[[str], str] = str) -> tuple[str, str]:
    """Return the message and the hint of what ``FilrougeError.plain`` kept; two empty ones when nothing was."""
    return again(trouble).said(translate)


def _filled(
    template: str, params: Mapping[str, object], translate: Callable[[str], str],
    dated: Callable[[date], str] = date.isoformat,
) -> str:  # fmt: skip
    if not params:
        return translate(template)

    def ready(value: object) -> object:
        if isinstance(value, Phrase):
            return _filled(value.template, value.params, translate, dated)
        return dated(value) if type(value) is date else value

    return translate(template).format(**{name: ready(value) for name, value in params.items()})


def _plain(params: Mapping[str, object]) -> dict[str, Any]:
    def kept(value: object) -> Any:
        if isinstance(value, Phrase):
            return {"phrase": value.template, "params": _plain(value.params)}
        return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)

    return {name: kept(value) for name, value in params.items()}


def _phrased(params: Mapping[str, Any]) -> dict[str, object]:
    return {
        name: Phrase(value["phrase"], **_phrased(value["params"])) if isinstance(value, dict) else value
        for name, value in params.items()
    }


class UsageError(FilrougeError):
    exit_code = 2
    status = 400


class DefinitionError(FilrougeError):
    """A definition holds faults; ``faults`` lists each as ``where: what``, so that all are mended in one go."""

    status = 422

    def __init__(self, message: str, *, faults: Iterable[str | Phrase] = (), hint: str = "", **params: object) -> None:
        super().__init__(message, hint=hint, **params)
        self._faults = tuple(faults)

    @property
    def faults(self) -> tuple[str, ...]:
        return self.faults_said()

    def faults_said(self, translate: Callable[[str], str] = str) -> tuple[str, ...]:
        """Return each fault, its template put through ``translate`` where it has one."""
        return tuple(
            _filled(fault.template, fault.params, translate) if isinstance(fault, Phrase) else fault
            for fault in self._faults
        )

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  - {fault}" for fault in self.faults)])


class Refused(FilrougeError):
    status = 403


class NotFound(FilrougeError):
    status = 404


class Conflict(FilrougeError):
    status = 409


class SourceError(FilrougeError):
    """A system that we read from failed; ``retryable`` says whether trying again later may help."""

    status = 502

    def __init__(self, message: str, *, hint: str = "", retryable: bool = False, **params: object) -> None:
        super().__init__(message, hint=hint, **params)
        self.retryable = retryable


class DestinationError(FilrougeError):
    """A system that we write to failed; ``arrived`` says whether what was given may have arrived all the same."""

    status = 502

    def __init__(
        self, message: str, *, hint: str = "", retryable: bool = False, arrived: bool = False, **params: object
    ) -> None:
        super().__init__(message, hint=hint, **params)
        self.retryable = retryable
        self.arrived = arrived


class ServerError(DestinationError, SourceError):
    """A server that we read from or write to is not the one meant, or lets the account not in."""


class StorageError(FilrougeError):
    status = 503
