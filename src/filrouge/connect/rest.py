"""REST answers in JSON, page after page, each asked for with the key of the source and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from itertools import count
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from filrouge.base.errors import Phrase, SourceError
from filrouge.connect import asking, keys, pages, tokens
from filrouge.connect.base import Chunk, Discovered, Reach
from filrouge.connect.ndjson import as_text, chunks, decode, encode, reach_in, seen, unfolded
from filrouge.domain.sources import SourceSpec

PAGES = 100_000
DEEP = 3  # names on the way to a list that is looked for


class REST:
    """Reads a list of objects from an HTTP address."""

    def check(self, spec: SourceSpec, reach: Reach) -> None:
        self._first(spec, reach)

    def discover(self, spec: SourceSpec, reach: Reach) -> list[Discovered]:
        first, _ = self._first(spec, reach)
        items = [item for item in first if isinstance(item, dict)]
        if spec.format.each:
            items = [one for item in items for one in unfolded(item, spec.format.each) or ()]
        return [seen(_path(spec), items)]

    def lists(self, spec: SourceSpec, reach: Reach) -> list[str]:
        """Return where lists of objects stand in the first answer, the longest first; "" is its top."""
        with asking.opened(spec, reach) as line:
            _, answer = _answer(line, pages.first(spec), spec, reach)
        found = sorted(_lists(answer, ""), key=lambda one: -one[1])
        return [path for path, _ in found]

    def count(self, spec: SourceSpec, reach: Reach) -> int | None:
        _, answer = self._first(spec, reach)
        total = answer.get("total") if isinstance(answer, dict) else None
        return int(total) if isinstance(total, int) else None

    def read(self, spec: SourceSpec, reach: Reach, *, cursor: str | None = None) -> Iterator[Chunk]:
        yield from chunks(spec, _path(spec), _lines(spec, self._pages(spec, reach, cursor=cursor)))

    def keeps_cursor(self, spec: SourceSpec) -> bool:
        """Tell whether the service is asked for what is new only."""
        return spec.format.since is not None

    def look_up(self, spec: SourceSpec, reach: Reach, ref: str) -> Iterator[Chunk]:
        if ref in (".", ".."):  # no address can hold them: they would lead to another one
            return
        place = pages.same_host(spec.place, (spec.lookup or "").replace("{ref}", quote(ref, safe="")), spec)
        asked = spec.model_copy(update={"place": place})

        def lines() -> Iterator[tuple[int, bytes]]:
            with suppress(asking.NobodyError):  # the system knows nobody of this number any more
                yield from _lines(spec, self._pages(asked, reach, one=True))

        yield from chunks(spec, _path(spec), lines())

    def _first(self, spec: SourceSpec, reach: Reach) -> tuple[list[Any], Any]:
        with closing(self._pages(spec, reach)) as found:
            return next(found)

    def _pages(
        self, spec: SourceSpec, reach: Reach, *, one: bool = False, cursor: str | None = None
    ) -> Generator[tuple[list[Any], Any], None, None]:
        page = pages.first(spec, cursor)
        wishes = {page.wish}
        with asking.opened(spec, reach, soon=one) as line:
            for _ in range(PAGES):
                response, answer = _answer(line, page, spec, reach)
                items = reach_in(answer, spec.format.items.split(".")) if spec.format.items else answer
                if answer == [] and not one:  # nothing at all, not even the name of the list
                    items = answer
                if one and not isinstance(items, list):  # one person, as they are: no page follows
                    yield [items if items is not None else answer], answer
                    return
                if not isinstance(items, list):
                    raise SourceError(
                        "The answer of {path} holds no list at {items}.",
                        hint="Correct `format.items` of the source {source}; nothing was imported.",
                        path=urlsplit(page.url).path, items=spec.format.items or Phrase("its top"), source=spec.source,
                    )  # fmt: skip
                yield items, answer
                following = pages.following(page, spec, answer, response, rows=len(items))
                if following is None:
                    return
                if following.wish in wishes:
                    raise _endless(page.url, spec)
                wishes.add(following.wish)
                page = following
                line.rest(response, urlsplit(page.url).path)
        raise _endless(page.url, spec)


def _lists(answer: Any, path: str) -> Iterator[tuple[str, int]]:
    if isinstance(answer, list):
        if answer and all(isinstance(item, dict) for item in answer):
            yield path, len(answer)
    elif isinstance(answer, dict) and path.count(".") < DEEP:
        for name, value in answer.items():
            yield from _lists(value, f"{path}.{name}" if path else name)


def _lines(spec: SourceSpec, found: Iterator[tuple[list[Any], Any]]) -> Iterator[tuple[int, bytes]]:
    """Yield the objects of pages, each with its number. Raises SourceError when a page comes twice."""
    number, known = 0, set()
    for items, _ in found:
        lines = [encode(item) for item in items]
        digest = hashlib.blake2b(b"\n".join(lines), digest_size=16).digest()
        if lines and digest in known:
            raise _endless(spec.place, spec)
        known.add(digest)
        for line in lines:
            number += 1
            yield number, line


def _answer(line: asking.Asking, page: pages.Page, spec: SourceSpec, reach: Reach) -> tuple[httpx.Response, Any]:
    """Return what a page says. A token that is refused is fetched again, once."""
    for attempt in count():
        response, answer = _once(line, page, spec, reach)
        busy = spec.format.busy
        if busy is None or as_text(reach_in(answer, busy.at.split("."))) not in busy.words:
            break
        line.pause(attempt, urlsplit(page.url).path)
    if spec.format.fails and reach_in(answer, spec.format.fails.split(".")):
        raise SourceError(
            "{path} answers that it failed: {where} says why.",
            hint="Check what the source {source} asks for, and what its key may read; nothing was imported.",
            path=urlsplit(page.url).path, where=spec.format.fails, source=spec.source,
        )  # fmt: skip
    return response, answer


def _once(line: asking.Asking, page: pages.Page, spec: SourceSpec, reach: Reach) -> tuple[httpx.Response, Any]:
    path, headers = urlsplit(page.url).path, {"Accept": "application/json", **spec.headers}
    for anew in (False, True):
        try:
            headers |= _key(line, spec, reach, anew=anew)
        except ValueError:
            raise SourceError(
                "The secret of the source {source} cannot be sent as it is.",
                hint="Keep it again: letters, digits and signs only; nothing was imported.", source=spec.source,
            ) from None  # fmt: skip
        response, content = line.ask(page.url, dict(page.params), headers=headers, body=page.posted)
        if response.status_code != 401 or spec.auth != "oauth2":
            break
    if response.status_code != 200:
        raise asking.refused(response.status_code, path, spec)
    try:
        return response, decode(content)
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


def _key(line: asking.Asking, spec: SourceSpec, reach: Reach, *, anew: bool) -> dict[str, str]:
    if not reach.secret:
        return {}
    if spec.auth == "oauth2":
        return keys.shown("bearer", tokens.token(line, spec, reach.secret, anew=anew))
    return keys.shown(spec.auth, reach.secret, user=spec.user, header=spec.header)


def _path(spec: SourceSpec) -> str:
    try:
        return urlsplit(spec.place).path
    except ValueError:
        raise asking.no_address(spec) from None


def _endless(url: str, spec: SourceSpec) -> SourceError:
    return SourceError(
        "{path} gives pages without end, or the same one again and again.",
        hint="Correct how the source {source} asks for the next page; nothing was imported.",
        path=urlsplit(url).path,
        source=spec.source,
    )
