"""A place is asked before anything is kept of it; what it shows becomes a source as a file does."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.connect.places import Web
from tests.unit.connect.servers import Server, openssh
from tests.work.systems import Serving
from tests.work.systems.relation import Zendesk
from tests.work.test_drafts import worked
from tests.world import World

from filrouge.base import settings
from filrouge.base.errors import NotFound, Refused, ServerError, SourceError, UsageError
from filrouge.connect import asking as connecting
from filrouge.domain.privacy.caller import OWNER
from filrouge.domain.sources import SourceSpec
from filrouge.store.models import Secret, Source, SourceDraft
from filrouge.store.queries import drafts as found
from filrouge.work import drafts, places, secrets, sources
from filrouge.work.places import Key

TEXT = "Num;Nom;Prénom;Courriel\n" + "".join(f"{n};Famille{n}x;Paul;paul{n}@example.com\n" for n in range(12))
PEOPLE = [{"id": n, "name": {"last": f"Famille{n}x", "first": "Awa"}, "email": f"a{n}@example.com"} for n in range(6)]


@pytest.fixture
def remy(world: World) -> Any:
    return world.user("engineer", entities=("north",))


@pytest.fixture
def drop(world: World) -> Path:
    """The folder where files are left."""
    folder = settings.get().drops[0]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "crm_1.csv").write_bytes(TEXT.encode("cp1252"))
    return folder


@pytest.fixture
def web() -> Iterator[Callable[[Any], Web]]:
    """Return what starts a service."""
    started: list[Web] = []

    def start(answer: Any) -> Web:
        started.append(Web(answer))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with openssh(tmp_path_factory.mktemp("ssh")) as made:
        yield made


def imported(asking: Any, draft: SourceDraft) -> list[dict[str, Any]]:
    """Try a draft and import it; return the counts of both."""
    drafts.try_out(asking, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert not draft.trouble, draft.trouble
    drafts.go(asking, str(draft.pk))
    worked()
    draft.refresh_from_db()
    assert draft.run is not None, draft.trouble
    return [draft.tried, {"read": draft.run.read, "new": draft.run.new, "lost": draft.run.lost}]


def test_files_of_a_folder_become_a_source_that_is_read_again(world: World, remy: Any, drop: Path) -> None:
    data = {"kind": "csv", "place": places.in_drops("crm_*.csv")}
    draft = places.bring(remy, data, brand="red", label="CRM")
    assert (draft.spec["source"], draft.spec["format"]["encoding"]) == ("crm", "cp1252")
    looked = places.first(draft)
    assert looked is not None
    assert (looked.columns, looked.rows) == (("Num", "Nom", "Prénom", "Courriel"), 12)
    assert looked.first[0] == ("0", "Famille0x", "Paul", "paul0@example.com")
    tried, run = imported(remy, draft)
    assert (tried["read"], run) == (12, {"read": 12, "new": 12, "lost": 0})
    (drop / "crm_2.csv").write_bytes("Num;Nom;Prénom;Courriel\n99;Neuve;Zoé;zoe@example.com\n".encode("cp1252"))
    assert sources.run("crm", by="test").new == 1


@pytest.mark.parametrize("place", ["/etc/passwd", "../secret.csv", "sub/../../x.csv"])
def test_no_other_folder_of_the_machine_is_read(world: World, drop: Path, place: str) -> None:
    with pytest.raises(UsageError, match="in none where files are left"):
        places.in_drops(place)


def test_a_link_out_of_the_drop_is_not_followed(world: World, drop: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (drop / "way").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        places.in_drops("way/x.csv")


def test_a_drop_shows_its_key_and_is_read_once_that_is_pinned(world: World, server: Server) -> None:
    (server.folder / "crm.csv").write_text(TEXT)
    account = server.account
    place = {"kind": "csv", "place": f"{account['place']}/crm.csv", "user": account["user"], "allow_private": True}
    with pytest.raises((ServerError, SourceError)) as told:
        places.bring(OWNER, place, brand="red", label="Drop", key=Key(value=server.secret))
    assert told.value.params["key"] == server.key
    assert not Secret.objects.exists()
    draft = places.bring(
        OWNER, place | {"host_key": server.key}, brand="red", label="Drop", key=Key(value=server.secret)
    )
    assert draft.spec["secret"] == "drop-key"
    _, run = imported(OWNER, draft)
    assert run == {"read": 12, "new": 12, "lost": 0}


def test_a_table_of_a_database_becomes_a_source(world: World, remy: Any, drop: Path) -> None:
    with sqlite3.connect(drop / "shop.db") as con:
        con.execute("CREATE TABLE clients (id INTEGER, last_name TEXT, email TEXT)")
        con.executemany(
            "INSERT INTO clients VALUES (?, ?, ?)", [(n, f"Fam{n}x", f"f{n}@example.com") for n in range(9)]
        )
    place = {"kind": "sql", "place": f"sqlite:///{drop}/shop.db", "format": {"table": "clients"}}
    draft = places.bring(remy, place, brand="red", label="clients")
    looked = places.first(draft)
    assert looked is not None
    assert (looked.columns, looked.rows) == (("id", "last_name", "email"), 9)
    assert imported(remy, draft)[1] == {"read": 9, "new": 9, "lost": 0}


@pytest.mark.postgres
def test_a_query_of_postgresql_becomes_a_source(world: World) -> None:
    import psycopg
    from tests import postgres

    try:
        url = postgres.start()
    except Exception as error:  # noqa: BLE001 - whatever keeps a server from starting here
        pytest.skip(f"no PostgreSQL can start on this machine: {error}")
    with psycopg.connect(url) as con:
        con.execute("DROP TABLE IF EXISTS place_people")
        con.execute("CREATE TABLE place_people (id INTEGER, last_name TEXT, email TEXT)")
        con.execute("INSERT INTO place_people SELECT n, 'Fam' || n || 'x', 'f' || n || '@example.com' "
                    "FROM generate_series(1, 9) AS n")  # fmt: skip
    place = {"kind": "sql", "place": url, "format": {"query": "SELECT * FROM place_people WHERE id > 2"}}
    draft = places.bring(OWNER, place | {"allow_private": True}, brand="red", label="clients")
    assert imported(OWNER, draft)[1] == {"read": 7, "new": 7, "lost": 0}
    with psycopg.connect(url) as con:
        con.execute("DROP TABLE place_people")


def test_an_address_says_itself_where_its_list_stands(world: World, web: Any) -> None:
    def answer(_: str, query: dict[str, str], headers: dict[str, str]) -> Any:
        if headers.get("Authorization") != "Bearer right":
            return 401, {}, b"{}"
        page = int(query.get("page", 1)) - 1
        told = {"meta": {"pages": [1]}, "data": {"customers": PEOPLE[page * 4 :][:4]}}
        return 200, {}, json.dumps(told).encode()

    place = {"kind": "rest", "place": f"{web(answer).url}/people", "allow_private": True, "format": {"page": "page"}}
    with pytest.raises(SourceError, match="refused the key"):
        places.bring(OWNER, place, brand="red", label="Desk", key=Key(value="wrong"))
    assert not Secret.objects.exists(), "a key that opens nothing is not kept"
    draft = places.bring(OWNER, place, brand="red", label="Desk", key=Key(value="right"))
    assert draft.spec["format"]["items"] == "data.customers"
    assert draft.spec["map"]["email"] == "email"
    assert imported(OWNER, draft)[1] == {"read": 6, "new": 6, "lost": 0}


def test_whoever_looks_does_not_wait_for_a_service_that_asks_for_minutes(world: World, web: Any) -> None:
    busy = web(lambda *_: (429, {"Retry-After": "120"}, b""))
    with pytest.raises(SourceError, match="left alone for 120 seconds"):
        places.bring(
            OWNER, {"kind": "rest", "place": busy.url, "allow_private": True, "patience": "1h"}, brand="red", label="x"
        )
    assert len(busy.asked) == 1


def test_a_place_that_holds_nothing_is_told(world: World, remy: Any, drop: Path) -> None:
    (drop / "crm_1.csv").write_text("Num;Nom\n")
    with pytest.raises(SourceError):
        places.bring(remy, {"kind": "csv", "place": str(drop / "crm_1.csv")}, brand="red", label="CRM")
    assert not SourceDraft.objects.exists()
    assert not any((settings.get().home / "brought").glob("*"))


def test_a_usual_system_comes_in_part_after_part(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting.time, "sleep", lambda _: None)
    system = Zendesk()
    serving = Serving(system)
    said = {"address": system.url, **system.said}
    made = places.bring_system(
        OWNER, "zendesk", said, brand="red", parts=("users", "tickets"), key=Key(value=system.secret), private=True
    )
    assert [draft.spec["source"] for draft in made] == ["zendesk_users", "zendesk_tickets"]
    assert {draft.spec["secret"] for draft in made} == {"zendesk-key"}
    worked()
    for draft in made:
        draft.refresh_from_db()
        assert (draft.tried["read"], draft.tried["new"], draft.tried["lost"]) == (3, 3, 0)
        drafts.go(OWNER, str(draft.pk))
    worked()
    serving.close()
    assert world.rows("SELECT count(*) AS n FROM interactions WHERE person_key IS NOT NULL")[0]["n"] == 2
    assert set(Source.objects.filter(system="zendesk").values_list("name", flat=True)) == {
        "zendesk_users", "zendesk_tickets",
    }  # fmt: skip
    again = places.free_name("zendesk", parts=("users", "tickets"))
    assert again == "zendesk_2"


def test_columns_that_a_file_lacks_are_told_before_anything_is_kept(world: World, remy: Any, drop: Path) -> None:
    (drop / "r.csv").write_text("id,email,firstName,blackListEmail\n1,a@example.com,Ada,1\n")
    with pytest.raises(SourceError, match="is not in"):
        places.bring_system(remy, "adobe_campaign", {"place": "r.csv"}, brand="red", parts=())


# --- who may ----------------------------------------------------------------------------------------------------------


def test_the_owner_and_a_colleague_may_go_on_a_stranger_may_not(world: World, remy: Any, drop: Path) -> None:
    data = {"kind": "csv", "place": str(drop / "crm_*.csv")}
    draft = places.bring(remy, data, brand="red", label="CRM")
    colleague = world.user("engineer", entities=("north", "west"))
    stranger = world.user("engineer", entities=("south",))
    assert found.draft(str(draft.pk), colleague).pk == draft.pk
    with pytest.raises(NotFound):
        found.draft(str(draft.pk), stranger)
    for other in (stranger, world.user("marketer", entities=("north",))):
        with pytest.raises(Refused):
            places.bring(other, data, brand="red", label="CRM")


def test_an_address_within_the_network_is_for_administrators(world: World, remy: Any, web: Any) -> None:
    place = f"{web(lambda *_: (200, {}, json.dumps(PEOPLE).encode())).url}/people"
    with pytest.raises(Refused, match="for administrators"):
        places.bring(remy, {"kind": "rest", "place": place, "allow_private": True}, brand="red", label="x")
    with pytest.raises(SourceError, match="private"):
        places.bring(remy, {"kind": "rest", "place": place}, brand="red", label="x")


def test_a_secret_of_others_is_not_taken_anywhere(world: World, remy: Any, drop: Path) -> None:
    secrets.keep("theirs", "word", by="test")
    world.define({
        "source": "their_desk", "kind": "rest", "place": "https://desk.example.com/x", "entity": "south",
        "brand": "blue", "reads": "person_records", "key": "id", "map": {"source_id": "id"}, "secret": "theirs",
    })  # fmt: skip
    with pytest.raises(NotFound):
        places.bring(
            remy, {"kind": "rest", "place": "https://thief.example.com/"}, brand="red", label="x", key=Key("theirs")
        )


def test_a_new_secret_replaces_no_other(world: World, drop: Path, web: Any) -> None:
    secrets.keep("desk-key", "older", by="test")
    service = web(lambda *_: (200, {}, json.dumps(PEOPLE).encode()))
    place = {"kind": "rest", "place": service.url + "/x", "allow_private": True}
    draft = places.bring(OWNER, place, brand="red", label="Desk", key=Key(value="newer"))
    assert draft.spec["secret"] == "desk-key-2"
    assert (secrets.reveal("desk-key"), secrets.reveal("desk-key-2")) == ("older", "newer")
    assert SourceSpec.parse(draft.spec).secret == "desk-key-2"


def test_what_a_place_would_be_read_as_is_proposed_without_keeping_anything(world: World, drop: Path) -> None:
    made = places.propose({"kind": "csv", "place": "crm_*.csv"}, brand="red", folder=drop)
    assert (made.data["source"], made.data["entity"], made.data["key"]) == ("crm", "north", ["Num"])
    assert made.data["map"]["email"] == "Courriel"
    assert not Source.objects.filter(name="crm").exists()
    assert not SourceDraft.objects.exists()
