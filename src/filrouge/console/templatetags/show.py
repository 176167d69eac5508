"""The components of the screens: icons, brand marks, the “why?” gesture, empty states, pages of a list."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.crypto import get_random_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from filrouge.console import hours as schedule
from filrouge.console import names, slips, words
from filrouge.console.templatetags import say

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw an icon of the sprite; without a label it is decoration, silent to a screen reader."""
    return _drawn(name, str(label))


@lru_cache(maxsize=1_000)
def _drawn(name: str, label: str) -> SafeString:
    drawing = f"{static('vendor/icons.svg')}#{name}"
    if label:
        return format_html('<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, drawing)
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', drawing)


@register.simple_tag
def brand(slug: str, bare: bool = False) -> SafeString:
    """Draw a brand's mark in its colour, with its name unless ``bare`` (then the name is for screen readers)."""
    if not slug:
        return SafeString("")
    known = names.brand(slug)
    return format_html(
        '<span class="brand" title="{3}"><svg class="brand-mark" viewBox="0 0 10 10" aria-hidden="true">'
        '<circle cx="5" cy="5" r="4.5" fill="{0}"/></svg><span class="{1}">{2}</span></span>',
        known.colour,
        "visually-hidden" if bare else "brand-name",
        known.name,
        known.name if bare else "",
    )


@register.filter
def brand_name(slug: str) -> str:
    return names.brand(slug).name


@register.filter
def entity_name(slug: str) -> str:
    return names.entity(slug)


@register.filter
def author(by: str) -> str:
    """Name whoever did something; an owner that a system names is shown as it names them."""
    return names.author(str(by or ""))


@register.filter
def evidence(text: str) -> str:
    return names.evidence(str(text or ""))


@register.filter
def hours(every: str) -> str:
    return schedule.said(every)


@register.filter
def word(code: Any, kind: str = "") -> str:
    """Say a code of the domain in the reader's language; a code nobody translated is shown as it is."""
    return words.say(str(code or ""), kind)


@register.simple_block_tag
def why(content: str, value: Any = "", label: str = "", classes: str = "") -> str:
    """A value that can be asked “why?”: its answer opens on hover, click or Enter, and without JavaScript."""
    return render_to_string(
        "console/parts/why.html", {"value": value, "content": content, "label": label, "classes": classes}
    )


@register.simple_block_tag
def empty(content: str, title: str = "", drawing: str = "search") -> str:
    """What to say, and what can be done, where there is nothing to list."""
    return render_to_string("console/parts/empty.html", {"title": title, "content": content, "drawing": drawing})


@register.inclusion_tag("console/parts/progress.html")
def progress(done: int, total: int | None, label: str = "", left: Any = None) -> dict[str, Any]:
    """Counts and a bar: 412,300 of 985,484, about 40 s left."""
    return {"done": done, "total": total, "label": label, "left": left}


@register.simple_tag(takes_context=True)
def query(context: template.RequestContext, **changes: Any) -> str:
    """The address of this page with some parameters changed; None takes one out."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            parameters.pop(name, None)
        else:
            parameters[name] = value
    return f"?{parameters.urlencode()}" if parameters else "?"


@register.inclusion_tag("console/parts/sorted.html", takes_context=True)
def sorted_by(context: template.RequestContext, name: str, label: str) -> dict[str, Any]:
    """The heading of a column that sorts its table: a link, with an arrow when it is the one in use."""
    current = context["request"].GET.get("sort", "")
    direction = "down" if current == f"-{name}" else "up" if current == name else ""
    address = query(context, sort=name if current == f"-{name}" else f"-{name}", page=None)
    return {"label": label, "direction": direction, "address": address}


@register.simple_tag
def slip() -> SafeString:
    """The slip of a form: sent twice, what it asks is done once."""
    return format_html('<input type="hidden" name="{}" value="{}">', slips.NAME, get_random_string(24))


@register.filter
def source_name(slug: str) -> str:
    return names.source(slug)


@register.filter
def system_name(slug: str, source: str = "") -> str:
    return names.system(slug, source)


@register.filter
def reference(number: str) -> str:
    """Say the number of a record in its source; one made of several columns is told piece by piece."""
    pieces = (piece.strip() for piece in str(number or "").split("|"))
    return " · ".join(say.phone(piece) if piece.startswith("+") else piece for piece in pieces if piece)


@register.filter
def said(value: Any, attribute: str) -> str:
    """Say a value as its attribute is read: a phone number in pairs, a date in words, an address on one line."""
    text = str(value or "")
    if attribute == "phone":
        return say.phone(text)
    if attribute == "birth_date":
        return say.day(text)
    if attribute == "address":
        return address(text)
    if attribute in ("country", "language"):
        known = say.locale().territories if attribute == "country" else say.locale().languages
        return str(known.get(text.upper() if attribute == "country" else text.lower(), text))
    if attribute in ("sex", "title"):
        return words.say(text, attribute)
    return text


def address(text: str) -> str:
    """Return an address, kept as JSON, on one line."""
    try:
        parts = json.loads(text)
    except ValueError:
        return text
    if not isinstance(parts, dict):
        return text
    town = " ".join(str(parts[key]) for key in ("postcode", "city") if parts.get(key))
    return ", ".join(part for part in (parts.get("address_line"), town) if part)
