"""Complaints: what is wrong with the text of a lifecycle, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Complaint:
    line: int
    path: str
    message: str
    fatal: bool = True
    """False: worth a warning, but the lifecycle can be published as it is."""

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"line {self.line}: {where}{'' if self.fatal else 'warning: '}{self.message}"


class LifecycleInvalid(Exception):
    """The text is not a valid lifecycle; every mistake found is listed with its line."""

    def __init__(self, complaints: tuple[Complaint, ...]) -> None:
        super().__init__("\n".join(str(complaint) for complaint in complaints))
        self.complaints = complaints
