"""What a station keeps of bundles: those it took in, stations it knows, questions and answers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Literal

from spectra_app.records.ledger.record import Record


class KnownStation(Record, frozen=True, kw_only=True):
    """Another station, to whose key somebody here has agreed.

    Parameters
    ----------
    id : str
        Id of its key.
    public : str
        The 32 public bytes, hex.
    name : str
        What its first bundle called it.
    reason : str
        Why it is not believed any more.
    """

    KIND: ClassVar[str] = "known_station"

    public: str
    name: str = ""
    state: Literal["trusted", "revoked"] = "trusted"
    agreed_at: str = ""
    agreed_by: str = ""
    reason: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by state."""
        return (("state", self.state),)


class Imported(Record, frozen=True, kw_only=True):
    """A bundle that was taken in: another station's, kept whole and apart from one's own cases.

    Parameters
    ----------
    id : str
        ``B-`` and the first 16 digits of the manifest's hash.
    manifest : str
        SHA-256 of its manifest.
    evidence : tuple of str
        SHA-256 of the file.
    content : {"case", "question", "answer"}
        What it is.
    station, station_name : str
        Id of the key of the station that made it, and what it calls itself.
    exported_by : str
        Who exported it, as it says.
    persons : tuple of str
        Who signed it besides the station.
    case, item, title : str
        What it is about, by the numbers of that station.
    asked, asked_id : str
        The question, and its id over there.
    records, left_out : int
        How many records it holds, and how many were left out at export.
    restricted : bool
        Whether it holds what only cleared users may see.
    """

    KIND: ClassVar[str] = "imported"

    manifest: str
    evidence: tuple[str, ...]
    content: Literal["case", "question", "answer"]
    station: str
    station_name: str = ""
    exported_by: str = ""
    persons: tuple[str, ...] = ()
    case: str = ""
    item: str = ""
    title: str = ""
    asked: str = ""
    asked_id: str = ""
    records: int = 0
    left_out: int = 0
    restricted: bool = False
    emulated: bool = False
    imported_at: str = ""
    imported_by: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by manifest, content, station, and the station's number of the case."""
        yield from (("manifest", self.manifest), ("content", self.content))
        yield from (("station", self.station), ("foreign_case", self.case))

    def words(self) -> Iterable[str]:
        """Search numbers, title, question and station."""
        return (self.id, self.case, self.item, self.title, self.asked, self.station_name)


class ImportedRecord(Record, frozen=True, kw_only=True):
    """A record of another station as it was in a bundle; its earlier revisions are in the bundle.

    It is of a kind of its own, so no list, figure or report about this station's cases ever counts
    it, and its id begins with the bundle's, so it never meets one of this station's.

    Parameters
    ----------
    id : str
        ``BUNDLE/KIND/ID``.
    bundle, station : str
        Id of the `Imported`, and of the key of the station that wrote it.
    of_kind, of_id, of_revision : str, str, int
        Which record it is over there.
    body : str
        Its content, canonical JSON.
    restricted : bool
        Whether only cleared users may see it.
    """

    KIND: ClassVar[str] = "imported_record"

    bundle: str
    station: str
    of_kind: str
    of_id: str
    of_revision: int
    body: str
    restricted: bool = False

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by bundle and station."""
        return (("bundle", self.bundle), ("station", self.station))

    def words(self) -> Iterable[str]:
        """Search every text of it; of a restricted one its number only."""
        return (self.of_id,) if self.restricted else tuple(texts_of(json.loads(self.body)))


class Question(Record, frozen=True, kw_only=True):
    """What a laboratory was asked about an item, as a bundle.

    Parameters
    ----------
    manifest : str
        SHA-256 of the bundle's manifest, which the answer must name.
    evidence : tuple of str
        SHA-256 of the bundle.
    laboratory : str
        Who was asked.
    station : str
        Id of the key that must answer; empty when any known one may.
    confirmation : str
        The confirmation that the answer became.
    restricted : bool
        Whether its bundle holds what only cleared users may see.
    """

    KIND: ClassVar[str] = "question"

    case: str
    item: str
    text: str
    laboratory: str
    station: str = ""
    manifest: str
    evidence: tuple[str, ...]
    state: Literal["asked", "answered"] = "asked"
    confirmation: str = ""
    restricted: bool = False
    asked_at: str = ""
    asked_by: str = ""

    def keys(self) -> Iterable[tuple[str, str]]:
        """Look up by manifest, state, case, item."""
        yield from (("manifest", self.manifest), ("state", self.state))
        yield from (("case", self.case), ("item", self.item))

    def words(self) -> Iterable[str]:
        """Search the question."""
        return (self.id, self.text, self.laboratory)


class GivenAnswer(Record, frozen=True, kw_only=True):
    """What this laboratory answered to a question.

    Parameters
    ----------
    id : str
        Id of the question's `Imported`: there is one answer.
    content : str
        What was answered, canonical JSON.
    evidence : tuple of str
        SHA-256 of the bundle, and of what was attached.
    """

    KIND: ClassVar[str] = "given_answer"

    manifest: str
    content: str
    evidence: tuple[str, ...]
    answered_at: str = ""
    answered_by: str = ""


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from texts_of(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts_of(one)
