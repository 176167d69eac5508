"""Drafts over the API: a file is brought, told, tried, corrected and imported, as in the console and by command."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext
from ninja import Body, File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from filrouge.api.door import caller, reading
from filrouge.base.errors import NotFound
from filrouge.connect.sheets import TYPES
from filrouge.domain.privacy.caller import Caller
from filrouge.domain.sources.columns import Computed
from filrouge.domain.sources.form import QUOTES
from filrouge.store.queries import drafts as found
from filrouge.work import access, correcting, draft_definitions, draft_rows, draft_told, drafts, faulty_files

router = Router(tags=["drafts"])
MOST = 5_000  # lines of corrections in one call


class Read(Schema):
    encoding: str = Field("", max_length=40)
    delimiter: str = Field("", max_length=4)
    quote: Literal["", "double", "single", "none"] = ""
    header_row: int | None = Field(None, ge=1)
    sheet: str = Field("", max_length=200)
    decimal: Literal["", ",", "."] = ""
    date: str = Field("", max_length=60)


class Become(Schema):
    reads: str


class Told(Schema):
    says: str | None = None
    date: str | None = None
    key: bool | None = None
    states: dict[str, str] | None = None


class Made(Schema):
    says: str
    expr: str = Field(max_length=2000)
    date: str = ""


class Columns(Schema):
    columns: dict[str, Told] = Field(default_factory=dict)
    computed: list[Made] | None = Field(None, max_length=40)


class Correction(Schema):
    row: int
    column: str = ""
    value: str | None = None
    do: str = ""
    place: str = ""
    seen: str = ""


class Corrections(Schema):
    corrections: list[Correction] = Field(max_length=MOST)


class Rows(Schema):
    rows: list[int] = Field(max_length=MOST)
    place: str = ""


class Asked(Schema):
    draft: str


@router.get("", summary="Files being prepared, the last touched first")
def all_drafts(request: HttpRequest) -> dict[str, Any]:
    return {"items": [draft_told.line(one) for one in found.drafts(_reader(request))]}


@router.post("", response={201: dict, 200: dict}, summary="Bring a file as the beginning of a source")
def bring(
    request: HttpRequest,
    file: File[UploadedFile],
    brand: Form[str],
    source: Annotated[str, Form()] = "",
    system: Annotated[str, Form()] = "",
) -> Status[dict[str, Any]]:
    """Send the file as a part of a form (2 GB at most); ``source``: one that it is a newer file of; ``system``:
    the short name of the system that it comes from.

    This very file, sent again for the brand, is answered 200 with the draft that stands.
    """
    asking = _keeper(request)
    draft, same = drafts.bring(asking, file.name or "", file.chunks(), brand=brand, source=source, system=system)
    return Status(200 if same else 201, _whole(draft, request))


@router.get("/{key}", summary="How a file is read, what its columns say, what is lacking, what the dry run counted")
def one(request: HttpRequest, key: str) -> dict[str, Any]:
    return _whole(found.draft(key, _reader(request)), request)


@router.post("/{key}/format", summary="Read the file by other conventions; its columns are guessed anew")
def read(request: HttpRequest, key: str, said: Read) -> dict[str, Any]:
    new = {name: value for name, value in said.model_dump().items() if value}
    new |= {"quote": QUOTES[said.quote]} if said.quote else {}
    return _whole(draft_rows.read_otherwise(_keeper(request), key, new), request)


@router.post("/{key}/rows", summary="Say what the rows are; the columns are guessed anew")
def become(request: HttpRequest, key: str, said: Become) -> dict[str, Any]:
    return _whole(draft_rows.become(_keeper(request), key, said.reads), request)


@router.post("/{key}/columns", summary="Say what some columns say, and what expressions compute")
def tell(request: HttpRequest, key: str, said: Columns) -> dict[str, Any]:
    """Of each column named, what is given is changed and the rest stays; so do the columns that are not named."""
    told = {name: one.model_dump(exclude_none=True) for name, one in said.columns.items()}
    made = None if said.computed is None else [Computed(one.says, one.expr, one.date) for one in said.computed]
    return _whole(draft_definitions.tell(_keeper(request), key, told, made), request)


@router.get("/{key}/definition", summary="What the columns say, as the definition of a source")
def definition(request: HttpRequest, key: str) -> dict[str, Any]:
    asking = _reader(request)
    return draft_definitions.definition(found.draft(key, asking), asking)


@router.put("/{key}/definition", summary="Take a definition back, changed")
def define(request: HttpRequest, key: str, said: Body[dict[str, Any]]) -> dict[str, Any]:
    return _whole(draft_definitions.define(_keeper(request), key, said), request)


@router.post("/{key}/trial", response={202: Asked}, summary="Try the file: the worker counts what an import would do")
def trial(request: HttpRequest, key: str) -> Status[dict[str, str]]:
    drafts.try_out(_keeper(request), key)
    return Status(202, {"draft": key})


@router.get("/{key}/faulty", summary="The faulty rows of the dry run, a line a wrong cell")
def faulty(
    request: HttpRequest, key: str, cursor: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> dict[str, Any]:
    asking = _reader(request)
    lines, after = faulty_files.page(asking, found.draft(key, asking), cursor=cursor, limit=limit)
    return {"items": lines, "next": after}


@router.get("/{key}/faulty.{form}", summary="The same as a file: csv or xlsx")
def faulty_file(request: HttpRequest, key: str, form: str) -> FileResponse:
    if form not in TYPES:
        raise NotFound("There is nothing here.", hint="Faulty rows are written as csv or xlsx.")
    stream = faulty_files.write(_reader(request), key, form="csv" if form == "csv" else "xlsx")
    answer = FileResponse(stream, as_attachment=True, filename=f"faulty.{form}", content_type=TYPES[form])
    answer["Cache-Control"] = "no-store"
    return answer


@router.get("/{key}/corrections", summary="What was said of rows: by whom, when, and whether their row was found")
def corrections(request: HttpRequest, key: str) -> dict[str, Any]:
    asking = _reader(request)
    return {"items": faulty_files.said(asking, found.draft(key, asking))}


@router.post("/{key}/corrections", summary="Correct faulty rows; what cannot be kept is told line by line")
def correct(request: HttpRequest, key: str, said: Corrections) -> dict[str, Any]:
    """Each line says a row and the new value of a column, or what to ``do``: leave_out, take_as_parted.

    ``seen``, as the faulty rows tell it, has a row that somebody corrected meanwhile refused.
    """
    lines = [
        faulty_files.of_plain(at, one.model_dump() | {"row": str(one.row)})
        for at, one in enumerate(said.corrections, 1)
    ]
    return faulty_files.correct(_keeper(request), key, lines).plain()


@router.post("/{key}/corrections/file", summary="Correct faulty rows by the file of faulty rows")
def correct_by_file(request: HttpRequest, key: str, file: File[UploadedFile]) -> dict[str, Any]:
    asking = _keeper(request)
    return faulty_files.correct_by_file(asking, key, file.read(faulty_files.LARGEST + 1)).plain()


@router.post("/{key}/corrections/take-back", summary="Forget what was said of some rows")
def take_back(request: HttpRequest, key: str, said: Rows) -> dict[str, int]:
    """``place``: which of several files or sheets, where more than one has such a row."""
    asking = _keeper(request)
    keys = correcting.keys_of(found.draft(key, asking), said.rows, said.place)
    return {"rows": correcting.take_back(asking, key, keys)}


@router.post("/{key}/import", response={202: Asked}, summary="Import the file as it was tried: the worker does")
def import_(request: HttpRequest, key: str) -> Status[dict[str, str]]:
    """Follow the draft: its ``state`` becomes done, with the number of its run."""
    return Status(202, {"draft": str(drafts.go(_keeper(request), key).pk)})


@router.api_operation(["DELETE"], "/{key}", response={204: None}, summary="Forget a file that is being prepared")
def drop(request: HttpRequest, key: str) -> Status[None]:
    drafts.drop(_keeper(request), key)
    return Status(204, None)


def _reader(request: HttpRequest) -> Caller:
    asking = caller(request)
    access.must(asking, *found.KEEPERS, scope="sources:read")
    return asking


def _keeper(request: HttpRequest) -> Caller:
    asking = caller(request)
    access.must(asking, *found.KEEPERS, scope="sources:run")
    return asking


def _whole(draft: Any, request: HttpRequest) -> dict[str, Any]:
    with reading(request):
        return draft_told.whole(draft, caller(request), gettext)
