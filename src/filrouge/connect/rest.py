"""REST answers in JSON, page after page; rate limits and passing failures are waited out, within reason."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx

from filrouge.base.errors import Phrase, SourceError
from filrouge.connect import waiting
from filrouge.connect.base import SOON, Chunk, Discovered, Reach
from filrouge.connect.guard import client
from filrouge.connect.ndjson import chunks, decode, encode, reach_in, seen
from filrouge.domain.sources import SourceSpec

TRIES = 5
PAGES = 100_000
LARGEST = 64 << 20
LONGEST_ANSWER = 300.0


class REST:
    """Reads a list of objects from an HTTP address."""

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        self._first(spec, reach)

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        first, _ = self._first(spec, reach)
        return [seen(_path(spec), [item for item in first if isinstance(item, dict)])]

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        _, answer = self._first(spec, reach)
        total = answer.get("total") if isinstance(answer, dict) else None
        return int(total) if isinstance(total, int) else None

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        yield from chunks(spec, _path(spec), _lines(self._pages(spec, reach)))

    def look_up(self, spec: SourceSpec, reach: Reach, ref: str) -> Iterator[Chunk]:
        if ref in (".", ".."):  # no address can hold them: they would lead to another one
            return
        place = _same_host(spec.place, (spec.lookup or "").replace("{ref}", quote(ref, safe="")), spec)
        asked = spec.model_copy(update={"place": place})

        def lines() -> Iterator[tuple[int, bytes]]:
            with suppress(NobodyError):  # the system knows nobody of this number any more
                yield from _lines(self._pages(asked, reach, one=True))

        yield from chunks(spec, _path(spec), lines())

    def _first(self, spec: SourceSpec, reach: Reach) -> tuple[list[Any], Any]:
        with closing(self._pages(spec, reach)) as pages:
            return next(pages)

    def _pages(
        self, spec: SourceSpec, reach: Reach, *, one: bool = False
    ) -> Generator[tuple[list[Any], Any], None, None]:
        headers = {"Accept": "application/json", **spec.headers}
        if reach.secret:
            headers.setdefault("Authorization", f"Bearer {reach.secret}")
        params: dict[str, str] = {}
        per_page = spec.format.per_page
        if isinstance(per_page, dict):
            params |= {name: str(size) for name, size in per_page.items()}
        elif per_page:
            params["per_page"] = str(per_page)
        url, page, last, asked = spec.place, 1, None, {spec.place}
        until = time.monotonic() + SOON if one else math.inf
        with client(private=spec.allow_private, allowed=reach.allow_private, headers=headers) as http:
            for _ in range(PAGES):
                if spec.format.page:
                    params[spec.format.page] = str(page)
                answer = _get(http, url, params, spec, until=until)
                items = reach_in(answer, spec.format.items.split(".")) if spec.format.items else answer
                if one and not isinstance(items, list):  # one person, as they are: no page follows
                    yield [items if items is not None else answer], answer
                    return
                if not isinstance(items, list):
                    raise SourceError(
                        "The answer of {path} holds no list at {items}.",
                        hint="Correct `format.items` of the source {source}; nothing was imported.",
                        path=urlsplit(url).path, items=spec.format.items or Phrase("its top"), source=spec.source,
                    )  # fmt: skip
                if items and items == last:
                    raise _endless(url, spec)
                last = items
                yield items, answer
                if spec.format.next:
                    following = reach_in(answer, spec.format.next.split("."))
                    if not following:
                        return
                    url, params = _same_host(url, str(following), spec), {}
                    if url in asked:
                        raise _endless(url, spec)
                    asked.add(url)
                elif spec.format.page and items:
                    page += 1
                else:
                    return
        raise _endless(url, spec)


def _lines(pages: Iterator[tuple[list[Any], Any]]) -> Iterator[tuple[int, bytes]]:
    """Yield the objects of pages, each with its number."""
    number = 0
    for items, _ in pages:
        for item in items:
            number += 1
            yield number, encode(item)


def _path(spec: SourceSpec) -> str:
    try:
        return urlsplit(spec.place).path
    except ValueError:
        raise _no_address(spec) from None


def _no_address(spec: SourceSpec) -> SourceError:
    return SourceError(
        "The place of the source {source} is no address.",
        hint="Write http://host/path or https://host/path; nothing was imported.",
        source=spec.source,
    )


def _endless(url: str, spec: SourceSpec) -> SourceError:
    return SourceError(
        "{path} gives pages without end, or the same one again and again.",
        hint="Correct how the source {source} asks for the next page; nothing was imported.",
        path=urlsplit(url).path,
        source=spec.source,
    )


def _same_host(url: str, following: str, spec: SourceSpec) -> str:
    joined = urljoin(url, following)
    first, then = urlsplit(spec.place), urlsplit(joined)
    if (then.scheme, then.netloc) != (first.scheme, first.netloc):
        raise SourceError(
            "The next page of the source {source} is at another host.",
            hint="Filrouge does not take its key elsewhere; nothing was imported.",
            source=spec.source,
        )
    return joined


def _get(http: httpx.Client, url: str, params: dict[str, str], spec: SourceSpec, *, until: float) -> Any:
    why, path, tried = Phrase("no answer"), urlsplit(url).path, 0
    for attempt in range(TRIES):
        wait = waiting.between(attempt)
        try:
            response, content = _answer(http, url, params, path, until)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise _no_address(spec) from None
        except httpx.HTTPError as error:
            why = _network(error)
        else:
            status = response.status_code
            if status == 200:
                try:
                    return decode(content)
                except ValueError:
                    if content[:200].lstrip().startswith(b"<"):
                        raise SourceError(
                            "{path} answered with a web page, not in JSON.",
                            hint="Check the address and the key of the source {source}; nothing was imported.",
                            path=path, source=spec.source,
                        ) from None  # fmt: skip
                    raise SourceError(
                        "{path} did not answer in JSON.",
                        hint="Check the address of the source {source}; nothing was imported.",
                        path=path, source=spec.source,
                    ) from None  # fmt: skip
            if status != 429 and status < 500:
                raise _refused(status, path, spec)
            why, wait = Phrase("it answered {status}", status=status), waiting.asked(response, wait)
        tried = attempt + 1
        if tried == TRIES or time.monotonic() + wait > until:
            break
        time.sleep(wait)
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


def _answer(
    http: httpx.Client, url: str, params: dict[str, str], path: str, until: float
) -> tuple[httpx.Response, bytes]:
    """Ask once; return the answer and its body, given up when it is too large or drips for too long."""
    until = min(time.monotonic() + LONGEST_ANSWER, until)
    body = bytearray()
    asked = httpx.URL(url).copy_merge_params(params) if params else url  # beside what the address itself asks for
    with http.stream("GET", asked) as response:
        if response.status_code == 200:
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


class NobodyError(SourceError):
    """The address knows nobody of that number."""


def _refused(status: int, path: str, spec: SourceSpec) -> SourceError:
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
