"""Whether the installed library still stands: its keys not revoked, its date not past."""

from __future__ import annotations

from library.trust_store import load_trust
from library.trusted_keys import instant
from matching.errors import SpectraError
from spectra_app.errors import InstalledError
from spectra_app.services.installing import installed_signed
from spectra_app.services.station import Station, now_utc


def standing_of(library_sha256: str) -> tuple[str, ...]:
    """Return what speaks against the installed library, one sentence each; mostly nothing.

    Signatures are not checked again (``spectra library verify`` does), so that this is quick
    enough to be asked with every scan.

    Parameters
    ----------
    library_sha256 : str
        Hash of the library that is searched; one that was not installed has nothing against it.
    """
    station = Station()
    try:
        active = station.active()
    except InstalledError:
        return ()  # nobody knows what is installed: the library was named by its file
    if active is None or active.library_sha256 != library_sha256:
        return ()
    found = []
    try:
        trust = load_trust(station.trust_path)
        signed = installed_signed(station.installed / active.folder)
    except SpectraError as error:
        found.append(f"whether a key of the installed library was revoked is not known: {error}")
    else:
        revoked = {one.key for one in (*trust.root.revoked, *trust.revoked_here)}
        if any(one.key in revoked for one in signed.signatures):
            found.append(
                "a key that signed the installed library was revoked: do not rely on it before "
                "another release is installed (see 'spectra library verify')"
            )
    if instant(active.expires) <= now_utc():
        found.append(
            f"the installed library expired on {active.expires[:10]}: ask for a newer release"
        )
    return tuple(found)
