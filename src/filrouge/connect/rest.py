"""REST answers in JSON, page after page; rate limits and passing failures are waited out, within reason."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from filrouge.base.errors import SourceError
from filrouge.connect.base import Chunk, Discovered, Reach
from filrouge.connect.guard import client
from filrouge.connect.ndjson import chunks, reach_in, seen
from filrouge.domain.sources import SourceSpec

TRIES = 5
PAGES = 100_000
LONGEST_WAIT = 30.0


class REST:
    """Reads a list of objects from an HTTP address."""

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        next(self._pages(spec, reach), None)

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        first, _ = next(self._pages(spec, reach), ([], None))
        return [seen(urlsplit(spec.place).path, [item for item in first if isinstance(item, dict)])]

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        _, answer = next(self._pages(spec, reach), ([], None))
        total = answer.get("total") if isinstance(answer, dict) else None
        return int(total) if isinstance(total, int) else None

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        def lines() -> Iterator[tuple[int, bytes]]:
            number = 0
            for items, _ in self._pages(spec, reach):
                for item in items:
                    number += 1
                    yield number, msgspec.json.encode(item)

        yield from chunks(spec, urlsplit(spec.place).path, lines())

    def _pages(self, spec: SourceSpec, reach: Reach) -> Iterator[tuple[list[Any], Any]]:
        headers = {"Accept": "application/json", **spec.headers}
        if reach.secret:
            headers.setdefault("Authorization", f"Bearer {reach.secret}")
        params: dict[str, str] = {}
        per_page = spec.format.per_page
        if isinstance(per_page, dict):
            params |= {name: str(size) for name, size in per_page.items()}
        elif per_page:
            params["per_page"] = str(per_page)
        url, page, last = spec.place, 1, None
        with client(private=spec.allow_private, headers=headers) as http:
            for _ in range(PAGES):
                if spec.format.page:
                    params[spec.format.page] = str(page)
                answer = _get(http, url, params, spec)
                items = reach_in(answer, spec.format.items.split(".")) if spec.format.items else answer
                if not isinstance(items, list):
                    raise SourceError(
                        "The answer of {path} holds no list at {items}.",
                        hint="Correct `format.items` of the source {source}; nothing was imported.",
                        path=urlsplit(url).path, items=spec.format.items or "its top", source=spec.source,
                    )  # fmt: skip
                if items and items == last:
                    raise SourceError(
                        "{path} gives the same page again and again.",
                        hint="Correct how the source {source} asks for the next page; nothing was imported.",
                        path=urlsplit(url).path, source=spec.source,
                    )  # fmt: skip
                last = items
                yield items, answer
                if spec.format.next:
                    following = reach_in(answer, spec.format.next.split("."))
                    if not following:
                        return
                    url, params = _same_host(url, str(following), spec), {}
                elif spec.format.page and items:
                    page += 1
                else:
                    return


def _same_host(url: str, following: str, spec: SourceSpec) -> str:
    joined = urljoin(url, following)
    if urlsplit(joined).netloc != urlsplit(spec.place).netloc:
        raise SourceError(
            "The next page of the source {source} is at another host.",
            hint="Filrouge does not take its key elsewhere; nothing was imported.",
            source=spec.source,
        )
    return joined


def _get(http: httpx.Client, url: str, params: dict[str, str], spec: SourceSpec) -> Any:
    why = "no answer"
    for attempt in range(TRIES):
        try:
            response = http.get(url, params=params or None)
        except httpx.HTTPError as error:
            why, wait = _network(error), min(2.0**attempt * 0.2, LONGEST_WAIT)
        else:
            if response.status_code in (401, 403):
                raise SourceError(
                    "{path} refused the key of the source {source} ({status}).",
                    hint="Give the source a valid key; nothing was imported.",
                    path=urlsplit(url).path, source=spec.source, status=response.status_code,
                )  # fmt: skip
            if response.status_code == 200:
                try:
                    return msgspec.json.decode(response.content)
                except (msgspec.DecodeError, RecursionError):
                    raise SourceError(
                        "{path} did not answer in JSON.", hint="Check the address; nothing was imported.",
                        path=urlsplit(url).path,
                    ) from None  # fmt: skip
            if response.status_code != 429 and response.status_code < 500:
                raise SourceError(
                    "{path} answered {status}.", hint="Check the address of the source {source}; nothing was imported.",
                    path=urlsplit(url).path, status=response.status_code, source=spec.source,
                )  # fmt: skip
            why, wait = f"it answered {response.status_code}", _asked_wait(response, attempt)
        if attempt + 1 < TRIES:
            time.sleep(wait)
    raise SourceError(
        "{path} could not be read: {why}, {tries} times.",
        hint="Nothing was imported; run the source again once the system is back.",
        retryable=True, path=urlsplit(url).path, why=why, tries=TRIES,
    )  # fmt: skip


def _asked_wait(response: httpx.Response, attempt: int) -> float:
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_WAIT) if asked.isdigit() else min(2.0**attempt * 0.2, LONGEST_WAIT)


def _network(error: httpx.HTTPError) -> str:
    return {"ConnectError": "nobody answers at the address", "ReadTimeout": "it takes too long"}.get(
        type(error).__name__, "the connection broke"
    )
