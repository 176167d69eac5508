"""One identifier at a time: the form under which an address, a number or a reference is looked up and compared."""

from __future__ import annotations

import re

from filrouge.domain.identity.normalise import e164


def email_key(text: str) -> str:
    """Return an e-mail address as compared: lower case, without blanks; nothing when it is no address."""
    key = re.sub(r"\s", "", text).lower()
    return key if re.fullmatch(r"[^@]+@[^@]+\.[^@]+", key) else ""


def phone_key(text: str, country: str = "FR") -> str:
    """Return a number in E.164, nothing when it cannot be one."""
    kept = re.sub(r"[^\d+]", "", text.replace("(0)", ""))
    if kept.startswith("00"):
        kept = "+" + kept[2:]
    return (e164(kept, country) or "") if len(re.sub(r"\D", "", kept)) >= 6 else ""


def reference_key(text: str) -> str:
    """Return a number of order, contract, loyalty card or record as looked up: lower case, letters and digits only."""
    return re.sub(r"[^0-9a-z]", "", text.lower())
