"""Systems that keep relations: Salesforce, HubSpot, Zendesk."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any

from tests.work.systems import Answer, Asked, Rows, System, page


class Salesforce(System):
    """A token by client credentials; rows by SOQL, the next ones at ``nextRecordsUrl``."""

    def __init__(self) -> None:
        super().__init__("salesforce", said={"client": "3MVG9"})
        day = "2025-03-02T10:00:00.000+0000"
        self.rows = {
            "Contact": [
                {"Id": "003A", "FirstName": "Ada", "LastName": "Byron", "Email": "ada@example.com", "Phone": None,
                 "Birthdate": "1985-12-10", "AccountId": "001A", "HasOptedOutOfEmail": True, "CreatedDate": day,
                 "SystemModstamp": day},
                {"Id": "003B", "FirstName": None, "LastName": "Eiffel", "HasOptedOutOfEmail": False,
                 "CreatedDate": day, "SystemModstamp": day},
                {"Id": "003C", "LastName": "Zola", "CreatedDate": day, "SystemModstamp": day},
            ],
            "Account": [{"Id": "001A", "Name": "Acme", "Website": "acme.example.com", "SystemModstamp": day}],
            "Opportunity": [
                {"Id": "006A", "Name": "Fair", "AccountId": "001A", "ContactId": "003A", "StageName": "Closed Won",
                 "Amount": 1200.5, "CloseDate": "2025-06-30", "IsWon": True, "SystemModstamp": day},
                {"Id": "006B", "Name": "Ads", "AccountId": "001A", "ContactId": None, "StageName": "Prospecting",
                 "Amount": None, "CloseDate": "2025-07-30", "IsWon": False, "SystemModstamp": day},
            ],
            "Case": [
                {"Id": "500A", "ContactId": "003A", "Subject": "Late", "Status": "New", "Origin": "Phone",
                 "CreatedDate": day, "SystemModstamp": day},
            ],
        }  # fmt: skip

    def knows(self, asked: Asked) -> bool:
        if asked.path == "/services/oauth2/token":
            return True
        return asked.headers.get("authorization") == "Bearer session"

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/services/oauth2/token":
            assert asked.body["grant_type"] == "client_credentials"
            if (asked.body["client_id"], asked.body["client_secret"]) != ("3MVG9", self.secret):
                return 400, {}, {"error": "invalid_client", "error_description": "invalid client credentials"}
            return 200, {}, {"access_token": "session", "token_type": "Bearer", "instance_url": self.url}
        if found := re.fullmatch(r"/services/data/v65\.0/query/(\w+)-(\d+)", asked.path):
            return self._told(self.rows[found[1]], found[1], int(found[2]))
        assert asked.path == "/services/data/v65.0/query"
        query = re.fullmatch(r"SELECT ([\w,]+) FROM (\w+)( WHERE SystemModstamp >= (\S+))?", asked.query["q"])
        assert query is not None, asked.query["q"]
        rows = self.rows[query[2]]
        if query[4]:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", query[4]), "a dateTime literal of SOQL, unquoted"
            rows = [row for row in rows if row["SystemModstamp"][:19] >= query[4][:19]]
        return self._told(rows, query[2], 0)

    def _told(self, rows: Rows, name: str, begin: int) -> Answer:
        shown = [{"attributes": {"type": name}, **row} for row in page(rows, begin, 2)]
        over = begin + 2 >= len(rows)
        following = {} if over else {"nextRecordsUrl": f"/services/data/v65.0/query/{name}-{begin + 2}"}
        return 200, {}, {"totalSize": len(rows), "done": over, "records": shown, **following}

    def change(self) -> str:
        self.rows["Contact"][0] |= {"SystemModstamp": "2026-03-02T10:00:00.000+0000", "Phone": "+33 6 12 34 56 78"}
        return "contacts"


class HubSpot(System):
    """Objects by a word to come after; what changed is searched for with a body."""

    def __init__(self) -> None:
        super().__init__("hubspot")

        def thing(key: str, /, associations: dict[str, Any] | None = None, **properties: str | None) -> dict[str, Any]:
            day = "2025-03-02T10:00:00.000Z"
            made = {"id": key, "properties": properties, "createdAt": day, "updatedAt": day, "archived": False}
            return made | ({"associations": associations} if associations else {})

        of_ada = {"contacts": {"results": [{"id": "51", "type": "deal_to_contact"}]}}
        self.rows = {
            "contacts": [
                thing("51", firstname="Ada", lastname="Byron", email="ada@example.com", associatedcompanyid="9",
                      hs_email_optout="true", phone=None),
                thing("52", firstname="Gus", hs_email_optout=""),
                thing("53", email="zoe@example.com", hs_email_optout=None),
            ],
            "companies": [thing("9", name="Acme", domain="acme.example.com", numberofemployees="12")],
            "deals": [
                thing("71", of_ada, dealname="Fair", amount="1200.50", deal_currency_code="EUR", dealstage="closedwon",
                      closedate="2025-06-30T00:00:00Z", hs_is_closed_won="true"),
                thing("72", dealname="Ads", amount=None, dealstage="appointmentscheduled", closedate=None),
            ],
            "tickets": [thing("81", of_ada, subject="Late", content="Nothing came", hs_pipeline_stage="1")],
        }  # fmt: skip

    def knows(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == f"Bearer {self.secret}"

    def answer(self, asked: Asked) -> Answer:
        name, _, search = asked.path.removeprefix("/crm/v3/objects/").partition("/")
        rows = self.rows[name]
        if search:
            (only,) = asked.body["filterGroups"]
            (test,) = only["filters"]
            moment = int(test["value"]) / 1000
            assert test["operator"] == "GTE"
            rows = [row for row in rows if datetime.fromisoformat(row["updatedAt"]).timestamp() >= moment]
            rows = [{key: value for key, value in row.items() if key != "associations"} for row in rows]
            after = asked.body.get("after")
        else:
            after = asked.query.get("after")
        begin = int(after or 0)
        more = {"paging": {"next": {"after": str(begin + 2)}}} if begin + 2 < len(rows) else {}
        return 200, {}, {"results": page(rows, begin, 2), **more}

    def change(self) -> str:
        self.rows["contacts"][1]["updatedAt"] = "2026-03-02T10:00:00.000Z"
        self.rows["contacts"][1]["properties"]["lastname"] = "Eiffel"
        return "contacts"


class Zendesk(System):
    """Incremental exports by cursor; the address of the next page is there even at the end."""

    def __init__(self) -> None:
        super().__init__("zendesk", said={"account": "it@example.com"})

        def user(key: int, **more: Any) -> dict[str, Any]:
            day = "2025-03-02T10:00:00Z"
            return {"id": key, "role": "end-user", "created_at": day, "updated_at": day, **more}

        def ticket(key: int, of: int | None, **more: Any) -> dict[str, Any]:
            return {
                "id": key, "requester_id": of, "created_at": "2025-04-02T10:00:00Z", "status": "open",
                "updated_at": "2025-04-02T10:00:00Z", "generated_timestamp": 1743588000 + key, **more,
            }  # fmt: skip

        self.rows = {
            "users": [
                user(11, name="Ada Byron", email="ada@example.com", phone="+33612345678", locale="fr"),
                user(12, name="Gus Eiffel", email=None),
                user(13, name="Agent Smith", email="agent@example.com", role="agent"),
                user(14, email="zoe@example.com"),
            ],
            "tickets": [
                ticket(1, 11, subject="Late", description="Nothing came", via={"channel": "email"}),
                ticket(2, 11, subject=None, via={"channel": "web"}),
                ticket(3, None, description="Who?"),
            ],
        }

    def knows(self, asked: Asked) -> bool:
        told = base64.b64decode(asked.headers.get("authorization", "")[6:]).decode()
        return told == f"it@example.com/token:{self.secret}"

    def answer(self, asked: Asked) -> Answer:
        name = asked.path.removeprefix("/api/v2/incremental/").removesuffix("/cursor.json")
        rows = self.rows[name]
        if "cursor" in asked.query:
            since, begin = (int(part) for part in asked.query["cursor"].split("."))
        else:
            since, begin = int(asked.query["start_time"]), 0
        rows = [row for row in rows if _changed(row) >= since]
        cursor = f"{since}.{begin + 2}"
        return 200, {}, {
            name: page(rows, begin, 2), "after_cursor": cursor, "end_of_stream": begin + 2 >= len(rows),
            "after_url": f"{self.url}{asked.path}?cursor={cursor}",
        }  # fmt: skip

    def change(self) -> str:
        self.rows["tickets"][1] |= {"generated_timestamp": 1774588000, "status": "solved"}
        return "tickets"


def _changed(row: dict[str, Any]) -> int:
    if "generated_timestamp" in row:
        return int(row["generated_timestamp"])
    return int(datetime.fromisoformat(row["updated_at"]).astimezone(UTC).timestamp())
