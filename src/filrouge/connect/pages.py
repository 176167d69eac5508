"""The pages of an answer, one after the other: by number, by offset, by a word in the body, by an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx

from filrouge.base.errors import SourceError
from filrouge.connect.ndjson import as_text, encode, reach_in
from filrouge.connect.since import spelled
from filrouge.domain.sources import SourceSpec

_NO = (None, False, 0, "false")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Page:
    """What to ask for: an address, and what is asked of it; ``rows`` come before it, and ``number`` pages."""

    url: str
    params: tuple[tuple[str, str], ...] = ()
    number: int = 0
    rows: int = 0
    body: Mapping[str, Any] | None = None  # posted, where the service is asked so: the page is named in it

    @property
    def posted(self) -> bytes | None:
        """The body as it is sent."""
        return None if self.body is None else encode(self.body)

    @property
    def wish(self) -> tuple[str, tuple[tuple[str, str], ...], bytes | None]:
        """What tells one page from another: who asks for the same again goes round in circles."""
        return self.url, self.params, self.posted


def first(spec: SourceSpec, cursor: str | None = None) -> Page:
    """Return the first page of the place; of what comes after ``cursor``, where the service can tell.

    Raises SourceError when the cursor is no moment, and the service wants one.
    """
    form, asked = spec.format, {}
    if isinstance(form.per_page, dict):
        asked = {name: str(size) for name, size in form.per_page.items()}
    elif form.per_page:
        asked = {"per_page": str(form.per_page)}
    page = Page(spec.place, tuple(asked.items()), body=form.body)
    if cursor and form.since:
        since = form.since
        told = spelled(cursor, spec)
        named = {name: text.replace("{cursor}", told) for name, text in since.params.items()}
        page = replace(page, params=(*page.params, *named.items()))
        if since.place is not None:
            page = replace(page, url=same_host(spec.place, since.place.replace("{cursor}", quote(told, safe="")), spec))
        if since.body is not None:
            page = replace(page, body=_told(since.body, told), params=())
    return _numbered(page, spec)


def following(page: Page, spec: SourceSpec, answer: Any, response: httpx.Response, *, rows: int) -> Page | None:
    """Return the page after ``page``, which held so many ``rows``; None after the last.

    Raises SourceError when it stands at another host: keys are not taken there.
    """
    form = spec.format
    if form.end and reach_in(answer, form.end.split(".")) not in _NO:
        return None
    beyond = replace(page, number=page.number + 1, rows=page.rows + rows)
    if form.next or form.link:
        said = reach_in(answer, form.next.split(".")) if form.next else _linked(response)
        return replace(beyond, url=same_host(page.url, str(said), spec), params=()) if said else None
    if form.after:
        word = as_text(reach_in(answer, form.after.at.split(".")) or None)
        more = form.after.more is None or reach_in(answer, form.after.more.split(".")) not in _NO
        if not word or not more or (not rows and (form.after.param, word) in page.params):
            return None
        return _with(beyond, form.after.param, word)
    return _numbered(beyond, spec) if rows and (form.page or form.offset) else None


def same_host(url: str, following: str, spec: SourceSpec) -> str:
    """Return the address ``following`` as seen from ``url``. Raises SourceError when it is not that of the source."""
    try:
        joined = urljoin(url, following)
        if _host(joined) == _host(spec.place) and "@" not in urlsplit(joined).netloc:
            return joined
    except ValueError:  # no address at all
        pass
    raise SourceError(
        "The next page of the source {source} is at another host.",
        hint="Filrouge does not take its key elsewhere; nothing was imported.",
        source=spec.source,
    )


def _host(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _numbered(page: Page, spec: SourceSpec) -> Page:
    if spec.format.page:
        return _with(page, spec.format.page, str(spec.format.first_page + page.number))
    if spec.format.offset:
        return _with(page, spec.format.offset, spec.format.offset_as.replace("{rows}", str(page.rows)))
    return page


def _with(page: Page, name: str, value: str) -> Page:
    if page.body is not None:
        return replace(page, body=_laid(page.body, name.split("."), value))
    return replace(page, params=(*(pair for pair in page.params if pair[0] != name), (name, value)))


def _laid(body: Mapping[str, Any], path: Sequence[str], value: str) -> dict[str, Any]:
    """Return ``body`` with ``value`` at ``path``."""
    name, *rest = path
    if not rest:
        return {**body, name: value}
    inner = body.get(name)
    return {**body, name: _laid(inner if isinstance(inner, dict) else {}, rest, value)}


def _told(body: Any, cursor: str) -> Any:
    """Return ``body`` with the cursor where it stands for it."""
    if isinstance(body, str):
        return body.replace("{cursor}", cursor)
    if isinstance(body, dict):
        return {name: _told(value, cursor) for name, value in body.items()}
    return [_told(value, cursor) for value in body] if isinstance(body, (list, tuple)) else body


def _linked(response: httpx.Response) -> str | None:
    """Return the address of the next page as a Link header says it (RFC 8288)."""
    for link in response.links.values():
        if "next" in link.get("rel", "").lower().split():
            return link.get("url")
    return None
