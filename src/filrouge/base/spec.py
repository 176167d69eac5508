"""The frozen base of every definition: what a person writes in YAML, JSON or a form is checked once, here."""

from __future__ import annotations

from typing import Any, Self

import pydantic

from filrouge.base.errors import DefinitionError


class Spec(pydantic.BaseModel):
    """A definition that cannot change once made; an unknown key is a fault, told by name."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)

    @classmethod
    def parse(cls, data: Any, *, what: str = "") -> Self:
        """Return the definition held in ``data`` (a mapping).

        Raises DefinitionError with every fault at once.
        """
        try:
            return cls.model_validate(data)
        except pydantic.ValidationError as error:
            faults = [
                f"{'.'.join(str(part) for part in fault['loc']) or '(whole)'}: {fault['msg']}"
                for fault in error.errors(include_input=False, include_url=False)
            ]
            raise DefinitionError(
                "The definition {what} holds faults: {count}.",
                faults=faults,
                hint="Mend the lines named below and try again.",
                what=what or cls.__name__,
                count=len(faults),
            ) from None

    def dump(self) -> dict[str, Any]:
        """Return the definition as plain data, without what was left to its default."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
