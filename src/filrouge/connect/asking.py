"""Asking an HTTP address until it answers: passing failures and rate limits are waited out, as long as a run has."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from filrouge.base.errors import Phrase, SourceError
from filrouge.connect import waiting
from filrouge.connect.base import SOON, Reach
from filrouge.connect.guard import client
from filrouge.domain.sources import SourceSpec
from filrouge.domain.sources.form import duration

TRIES = 5
LARGEST = 64 << 20
LONGEST_ANSWER = 300.0
PATIENCE = timedelta(minutes=5)


class NobodyError(SourceError):
    """The address knows nobody of that number."""


class Asking:
    """Asks the addresses of one source in one run; what the run waits in all is bounded by its patience.

    ``soon``: somebody waits for the answer, which must come within ``SOON`` seconds.
    """

    def __init__(self, http: httpx.Client, spec: SourceSpec, *, soon: bool = False) -> None:
        self._http, self._spec = http, spec
        self._patience = (spec.patience and duration(spec.patience)) or PATIENCE
        self._left = self._patience.total_seconds()
        self._until = time.monotonic() + SOON if soon else math.inf

    def ask(
        self, url: str, params: Mapping[str, str] | None = None, *, headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None, body: bytes | None = None,
    ) -> tuple[httpx.Response, bytes]:  # fmt: skip
        """Return the answer and its body, whole; ``form`` is posted, or the JSON ``body``.

        A status that does not pass is for the caller.

        Raises SourceError when no answer comes.
        """
        why, path, tried = Phrase("no answer"), urlsplit(url).path, 0
        for attempt in range(TRIES):
            wait = waiting.between(attempt)
            try:
                response, content = self._once(url, params, headers, form, body, path)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol):
                raise no_address(self._spec) from None
            except httpx.HTTPError as error:
                why = _network(error)
            else:
                status = response.status_code
                if status != 429 and status < 500 and not (status == 403 and waiting.limited(response)):
                    return response, content
                why = Phrase("it answered {status}", status=status)
                said = waiting.asked(response, -1.0, longest=math.inf)
                if said > self._left and self._until == math.inf:
                    raise self._impatient(said, path)
                wait = wait if said < 0 else said
            tried = attempt + 1
            if tried == TRIES or wait > self._left or time.monotonic() + wait > self._until:
                break
            self._wait(wait)
        if tried == 1:
            raise SourceError(
                "{path} could not be read: {why}.",
                hint="Nothing was imported; run the source again once the system is back.",
                retryable=True, path=path, why=why,
            )  # fmt: skip
        raise SourceError(
            "{path} could not be read: {why}, {tries} times.",
            hint="Nothing was imported; run the source again once the system is back.",
            retryable=True, path=path, why=why, tries=tried,
        )  # fmt: skip

    def rest(self, response: httpx.Response, path: str) -> None:
        """Leave the system alone when it says that nothing is left of its rate limit, for as long as it says.

        Raises SourceError when the run has not so much time left.
        """
        if not waiting.spent(response):
            return
        seconds = waiting.asked(response, 0.0, longest=math.inf)
        if seconds > self._left or time.monotonic() + seconds > self._until:
            raise self._impatient(seconds, path)
        self._wait(seconds)

    def pause(self, attempt: int, path: str) -> None:
        """Leave alone a system that says in its answer that it is busy. Raises SourceError when it was asked enough."""
        seconds = waiting.between(attempt + 2)
        if attempt + 1 >= TRIES or seconds > self._left or time.monotonic() + seconds > self._until:
            raise SourceError(
                "{path} could not be read: {why}, {tries} times.",
                hint="Nothing was imported; run the source again once the system is back.",
                retryable=True, path=path, why=Phrase("it says that it is busy"), tries=attempt + 1,
            )  # fmt: skip
        self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        self._left -= seconds
        time.sleep(seconds)

    def _impatient(self, seconds: float, path: str) -> SourceError:
        whole = self._patience.total_seconds()
        return SourceError(
            "{path} asks to be left alone for {seconds} seconds, and the run has waited {waited} of {patience}.",
            hint="Nothing was imported; run the source later, or let its runs wait longer (`patience`).",
            retryable=True, path=path, seconds=math.ceil(seconds), waited=round(whole - self._left),
            patience=round(whole),
        )  # fmt: skip

    def _once(
        self, url: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None,
        form: Mapping[str, str] | None, posted: bytes | None, path: str,
    ) -> tuple[httpx.Response, bytes]:  # fmt: skip
        """Ask once; return the answer and its body, given up when it is too large or drips for too long."""
        until = min(time.monotonic() + LONGEST_ANSWER, self._until)
        body = bytearray()
        asked = httpx.URL(url).copy_merge_params(dict(params)) if params else url  # beside what the address asks for
        way = "GET" if form is None and posted is None else "POST"
        if posted is not None:
            headers = {**(headers or {}), "Content-Type": "application/json"}
        with self._http.stream(way, asked, headers=headers, data=form, content=posted) as response:
            if response.status_code in (200, 400, 401):
                for some in response.iter_bytes():
                    body += some
                    if len(body) > LARGEST:
                        raise SourceError(
                            "A page of {path} is larger than {size} MB.",
                            hint="Ask for smaller pages (`format.per_page`); nothing was imported.",
                            path=path,
                            size=LARGEST >> 20,
                        )
                    if time.monotonic() > until:
                        raise httpx.ReadTimeout("the answer drips")
        return response, bytes(body)


@contextmanager
def opened(spec: SourceSpec, reach: Reach, *, soon: bool = False) -> Iterator[Asking]:
    """Give what asks the addresses of a source: private ones refused unless allowed, no redirection followed."""
    with client(private=spec.allow_private, allowed=reach.allow_private) as http:
        yield Asking(http, spec, soon=soon)


def no_address(spec: SourceSpec) -> SourceError:
    """Return what is said of a place that is none."""
    return SourceError(
        "The place of the source {source} is no address.",
        hint="Write http://host/path or https://host/path; nothing was imported.",
        source=spec.source,
    )


def refused(status: int, path: str, spec: SourceSpec) -> SourceError:
    """Return what is said of an answer that is not the one asked for."""
    if status == 404:
        return NobodyError(
            "{path} answered {status}.",
            hint="Check the address of the source {source}; nothing was imported.",
            path=path, source=spec.source, status=status,
        )  # fmt: skip
    if status in (401, 403):
        return SourceError(
            "{path} refused the key of the source {source} ({status}).",
            hint="Give the source a valid key; nothing was imported.",
            path=path,
            source=spec.source,
            status=status,
        )
    if 300 <= status < 400:
        return SourceError(
            "{path} sends elsewhere ({status}), where Filrouge does not take its key.",
            hint="Write the address it sends to in the source {source}; nothing was imported.",
            path=path,
            source=spec.source,
            status=status,
        )
    return SourceError(
        "{path} answered {status}.",
        hint="Check the address of the source {source}; nothing was imported.",
        path=path,
        source=spec.source,
        status=status,
    )


def _network(error: httpx.HTTPError) -> Phrase:
    if isinstance(error, httpx.ConnectError):
        return Phrase("nobody answers at the address")
    return Phrase("it takes too long") if isinstance(error, httpx.ReadTimeout) else Phrase("the connection broke")
