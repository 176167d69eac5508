"""An error is kept apart from its words, and said later in any language."""

from __future__ import annotations

import json

from filrouge.base.errors import Phrase, SourceError, told

FRENCH = {
    "{path} could not be read: {why}.": "{path} n’a pas pu être lu : {why}.",
    "it answered {status}": "il a répondu {status}",
    "Try later.": "Réessayez plus tard.",
}


def french(text: str) -> str:
    return FRENCH[text]


def raised() -> SourceError:
    return SourceError(
        "{path} could not be read: {why}.",
        hint="Try later.",
        path="/v1",
        why=Phrase("it answered {status}", status=503),
    )


def test_an_error_speaks_english_by_itself() -> None:
    assert str(raised()) == "/v1 could not be read: it answered 503. Try later."


def test_what_was_kept_is_said_in_another_language_down_to_its_phrases() -> None:
    kept = json.loads(json.dumps(raised().plain()))
    assert told(kept, french) == ("/v1 n’a pas pu être lu : il a répondu 503.", "Réessayez plus tard.")
    assert told(kept) == ("/v1 could not be read: it answered 503.", "Try later.")


def test_nothing_kept_says_nothing() -> None:
    assert told({}, french) == ("", "")


def test_a_brace_in_a_value_is_no_template() -> None:
    assert SourceError("{why}", why="{name}").message == "{name}"
