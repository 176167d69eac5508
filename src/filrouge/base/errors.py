"""One tree of errors. Each says what happened, with names, and what to do; none carries personal data.

    FilrougeError
    ├── UsageError            the command or call was used wrongly (exit code 2)
    ├── DefinitionError       a definition (source, segment…) holds faults, told all at once
    ├── Refused               the caller may not do this
    ├── NotFound              there is no such thing, or the caller may not know of it
    ├── Conflict              the thing changed meanwhile, or is busy
    ├── SourceError           a system we read from does not answer as it should
    └── StorageError          our own disk, lake or database is in trouble

The message is a template kept apart from its parameters, so that a door may say it in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterable


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
        return self.template.format(**self.params) if self.params else self.template

    @property
    def hint(self) -> str:
        return self.hint_template.format(**self.params) if self.params else self.hint_template

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(FilrougeError):
    exit_code = 2
    status = 400


class DefinitionError(FilrougeError):
    """A definition holds faults; ``faults`` lists each as ``where: what``, so that all are mended in one go."""

    status = 422

    def __init__(self, message: str, *, faults: Iterable[str] = (), hint: str = "", **params: object) -> None:
        super().__init__(message, hint=hint, **params)
        self.faults = tuple(faults)

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


class StorageError(FilrougeError):
    status = 503
