"""How long what is written may be: as long as the column that keeps it, whichever database that is."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from filrouge.base.errors import UsageError

REASON, EVIDENCE, OWNER, SLUG, KIND, NAME, EMAIL, WORD = 300, 500, 100, 60, 30, 200, 254, 100
LANGUAGES = ("fr", "en")


def fits(text: str, longest: int) -> str:
    """Return ``text``. Raises UsageError when it is longer than ``longest`` characters."""
    if len(text) > longest:
        raise UsageError("This is longer than {longest} characters.", hint="Shorten it.", longest=longest)
    return text


def account(email: str, name: str, language: str = "fr") -> tuple[str, str]:
    """Return the address and the name of an account to be. Raises UsageError when it cannot be one."""
    address, called = email.strip(), " ".join(name.split())
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise UsageError("This is not an e-mail address.", hint="Write it as name@example.com.") from None
    if not called:
        raise UsageError("An account needs a name.", hint="Write how they are called.")
    if language not in LANGUAGES:
        raise UsageError("The screens are in French or in English.", hint="Choose fr or en.")
    return fits(address, EMAIL), fits(called, NAME)
