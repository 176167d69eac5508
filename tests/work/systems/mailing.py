"""Systems that write to people: Brevo, Mailchimp."""

from __future__ import annotations

import base64
from typing import Any

from tests.work.systems import Answer, Asked, System, page


class Brevo(System):
    """Contacts by offset, 1,000 at most; ``modifiedSince`` keeps the changed ones."""

    def __init__(self) -> None:
        super().__init__("brevo")
        self.rows = {"contacts": [
            {"id": 1, "email": "ada@example.com", "emailBlacklisted": False, "smsBlacklisted": True,
             "createdAt": "2025-05-02T16:40:31.000+02:00", "modifiedAt": "2025-06-02T16:40:31.000+02:00",
             "listIds": [4], "attributes": {"FIRSTNAME": "Ada", "LASTNAME": "Byron", "SMS": "33612345678"}},
            {"id": 2, "email": "gus@example.com", "emailBlacklisted": True, "smsBlacklisted": False,
             "createdAt": "2025-05-03T10:00:00.000+02:00", "modifiedAt": "2025-06-03T10:00:00.000+02:00",
             "listIds": [], "attributes": {}},
            {"id": 3, "email": None, "emailBlacklisted": False, "smsBlacklisted": False,
             "createdAt": "2025-05-03T10:00:00.000+02:00", "modifiedAt": "2025-06-03T11:00:00.000+02:00",
             "listIds": [], "attributes": {"FIRSTNAME": None}},
        ]}  # fmt: skip

    def knows(self, asked: Asked) -> bool:
        return asked.headers.get("api-key") == self.secret

    def answer(self, asked: Asked) -> Answer:
        assert asked.path == "/v3/contacts"
        rows = self.rows["contacts"]
        if since := asked.query.get("modifiedSince"):
            assert since.endswith("Z"), "RFC 3339 with its zone"
            rows = [row for row in rows if _utc(row["modifiedAt"]) >= since]
        size = min(int(asked.query["limit"]), 2)
        return 200, {}, {"contacts": page(rows, int(asked.query["offset"]), size), "count": len(rows)}

    def change(self) -> str:
        self.rows["contacts"][1]["modifiedAt"] = "2026-02-03T10:00:00.000+02:00"
        self.rows["contacts"][1]["email"] = "gustave@example.com"
        return "contacts"


class Mailchimp(System):
    """Members of a list by offset, 1,000 at most; ``since_last_changed`` keeps the changed ones."""

    def __init__(self) -> None:
        super().__init__("mailchimp", said={"audience": "a1b2c3d4e5"})
        self.rows = {"members": [
            _member("a", "ada@example.com", "subscribed", FNAME="Ada", LNAME="Byron", PHONE="",
                    ADDRESS={"addr1": "1 rue X", "city": "Lyon", "zip": "69001", "country": "FR"}),
            _member("b", "gus@example.com", "unsubscribed", FNAME="Gus", ADDRESS=""),
            _member("c", "zoe@example.com", "cleaned"),
        ]}  # fmt: skip

    def knows(self, asked: Asked) -> bool:
        name, _, key = base64.b64decode(asked.headers.get("authorization", "")[6:]).decode().partition(":")
        return bool(name) and key == self.secret

    def answer(self, asked: Asked) -> Answer:
        assert asked.path == "/3.0/lists/a1b2c3d4e5/members"
        rows = self.rows["members"]
        if since := asked.query.get("since_last_changed"):
            rows = [row for row in rows if _utc(row["last_changed"]) >= since]
        size = min(int(asked.query["count"]), 2)
        shown = page(rows, int(asked.query["offset"]), size)
        return 200, {}, {"members": shown, "list_id": "a1b2c3d4e5", "total_items": len(rows)}

    def change(self) -> str:
        self.rows["members"][0] |= {"last_changed": "2026-02-03T10:00:00+00:00", "status": "unsubscribed"}
        return "members"


def _member(key: str, email: str, status: str, **merged: Any) -> dict[str, Any]:
    return {
        "id": key * 32, "email_address": email, "status": status, "full_name": "", "merge_fields": merged,
        "timestamp_opt": "2025-01-02T10:00:00+00:00" if status == "subscribed" else "", "language": "fr",
        "last_changed": "2025-03-02T10:00:00+00:00",
    }  # fmt: skip


def _utc(text: str) -> str:
    from datetime import UTC, datetime

    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
