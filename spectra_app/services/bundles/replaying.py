"""Compute the results of another station's case again, from what its bundle holds."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from spectra_app.records.bundles.content import FILES, LIBRARIES, Bundle, read_bundle
from spectra_app.records.bundles.kinds import Imported
from spectra_app.records.evidence import EvidenceStore
from spectra_app.records.kinds import Scan
from spectra_app.services.cases.seeing import visible
from spectra_app.services.office import Office, Session
from spectra_app.services.replay import Replay, replay_scan
from spectra_app.services.workshop import Workshop

PREFIX = ".replay-"


def replay_imported(
    office: Office,
    session: Session,
    imported: str,
    *,
    libraries: Sequence[Path] = (),
    progress: Callable[[float, str], None] = lambda _share, _words: None,
) -> Replay:
    """Compute the results in a bundle that was taken in again, and compare them with those in it.

    Only the bundle counts for scans, policies and circumstances; libraries that it does not hold
    are looked for at this station and among `libraries`.

    Raises
    ------
    RecordError
        When there is no such bundle that this user may see.
    EvidenceError, BundleError
        When it is damaged.
    """
    me = office.require(session, "case.replay")
    record = visible(office, me, Imported, imported).record
    bundle = read_bundle(office.evidence.get(record.evidence[0]), imported)
    scans = [one for _, one in bundle.records if isinstance(one, Scan)]
    results = []
    with (
        _unpacked(office, bundle) as (store, own),
        Workshop(store, [*own, *libraries], office.folder) as workshop,
    ):
        for number, scan in enumerate(scans):
            progress(number / len(scans), "computing results again")
            results.append(replay_scan(scan, workshop))
    progress(1.0, "done")
    done = Replay(tuple(results), all_seen=True)
    with office.ledger.writing(me.id) as writing:
        said = {state.name.lower(): count for state, count in done.counts.items()}
        writing.note("imported results replayed", {"of": imported, "scans": len(scans), **said})
    return done


@contextmanager
def _unpacked(office: Office, bundle: Bundle) -> Iterator[tuple[EvidenceStore, list[Path]]]:
    """Lend the evidence and the libraries of a bundle as files, in a folder that goes again."""
    home = office.ledger.folder  # nobody else may read there
    for left in home.glob(f"{PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)  # of a program that was killed
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=home) as folder:
        store, libraries = EvidenceStore(Path(folder) / "evidence"), []
        for name, data in bundle.files.items():
            if name.startswith(FILES):
                store.put(data, kind="of a bundle", name=name, clock=office.clock)
            elif name.startswith(LIBRARIES):
                path = Path(folder) / name.removeprefix(LIBRARIES)
                path.write_bytes(data)
                libraries.append(path)
        yield store, libraries
