"""What a developer copies so that a site or an application writes here with the library it already has."""

from __future__ import annotations

from dataclasses import dataclass

from filrouge.base import settings

KEY = "wk_…"  # stands where the word of a key goes, once it is no longer shown
ELSEWHERE = "https://collect.example.com"  # where another process than this one collects, we cannot know its address


@dataclass(frozen=True)
class Snippet:
    """One way to write here: ``what`` it is called, the library to install, the code."""

    what: str
    install: str
    code: str


def host(scheme: str, name: str) -> str:
    """Return the address of the collector: that of this very page, unless another process collects."""
    return f"{scheme}://{name}" if "collect" in settings.get().roles else ELSEWHERE


def all_of(where: str, key: str) -> list[Snippet]:
    """Return the snippets for a collector at ``where`` and the word of a key."""
    scheme, _, rest = where.partition("://")
    return [
        Snippet("browser", "npm install @segment/analytics-next", _BROWSER % (key, where, rest, scheme)),
        Snippet("python", "pip install segment-analytics-python", _PYTHON % (key, where)),
        Snippet("node", "npm install @segment/analytics-node", _NODE % (key, where)),
        Snippet("curl", "", _CURL % (where, key)),
    ]


_BROWSER = """\
import { AnalyticsBrowser } from "@segment/analytics-next";

const analytics = AnalyticsBrowser.load(
  { writeKey: "%s", cdnURL: "%s" },
  { integrations: { "Segment.io": { apiHost: "%s/v1", protocol: "%s" } } },
);
analytics.page();
analytics.identify("user-42", { email: "user-42@example.org" });
analytics.track("Article read", { section: "culture" });"""

_PYTHON = """\
import segment.analytics as analytics

analytics.write_key = "%s"
analytics.host = "%s"

analytics.identify("user-42", {"email": "user-42@example.org"})
analytics.track("user-42", "Article read", {"section": "culture"})
analytics.shutdown()  # sends what waits, when the program ends"""

_NODE = """\
import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({
  writeKey: "%s",
  host: "%s",
});
analytics.identify({ userId: "user-42", traits: { email: "user-42@example.org" } });
analytics.track({ userId: "user-42", event: "Article read", properties: { section: "culture" } });
await analytics.closeAndFlush();"""

_CURL = """\
curl %s/v1/track \\
  --user "%s:" \\
  --header "Content-Type: application/json" \\
  --data '{"userId": "user-42", "event": "Article read", "properties": {"section": "culture"}}'"""
