"""What went wrong, in the language of the window.

The exact words of an error are English, as they stand in logs and records. A reader of another
language is told of which kind the trouble is and what to do, and gets the exact words beside it.
Which kind it is follows from the error's code, so that no word of an error has to be parsed.
"""

from __future__ import annotations

from dataclasses import dataclass

from matching.errors import SpectraError
from spectra_app.reports.texts import Texts

KINDS: dict[str, tuple[str, ...]] = {
    "stopped": ("aborted", "stopped"),
    "laser_on": ("laser_may_be_on",),
    "laser": ("laser", "interlock"),
    "battery": ("battery_low",),
    "silent": ("not_connected", "no_answer", "stalled", "cannot_open", "port_missing"),
    "port": ("busy", "port_busy", "permission_denied", "no_usb_backend"),
    "analyser": (
        "analyser",
        "device",
        "answer",
        "bad_answer",
        "bad_configuration",
        "bad_frame",
        "bad_memory",
        "bad_sample",
        "outside_limits",
        "refused_by_device",
        "stale_data",
        "unknown_family",
        "wrong_device",
    ),
    "calibration": ("calibration",),
    "spectrum": (
        "ambiguous_axis",
        "ambiguous_profile",
        "bad_axis",
        "bad_intensity",
        "bad_profile",
        "cannot_compare",
        "column_missing",
        "laser_missing",
        "many_spectra",
        "not_a_spectrum",
        "not_raman",
        "replicates_differ",
        "several_faults",
        "spectrum_missing",
        "split_file",
        "unsupported_form",
    ),
    "file": (
        "damaged_file",
        "empty_file",
        "file_too_large",
        "foreign_format",
        "partial_file",
        "reader_answer",
        "reader_crashed",
        "reader_failed",
        "reader_memory",
        "reader_start",
        "reader_timeout",
        "unknown_format",
        "unreadable_file",
    ),
    "library": (
        "bad_manifest",
        "bad_matrix",
        "entry_missing",
        "entry_status",
        "entry_version",
        "installed_library",
        "library_bomb",
        "library_busy",
        "library_changed",
        "library_damaged",
        "library_unusable",
        "library_version",
        "merge_conflicts",
        "merge_decision",
        "newer_program",
        "not_canonical",
        "not_releasable",
        "original_missing",
        "unidentified",
    ),
    "package": (
        "bad_watch_list",
        "not_a_package",
        "not_control_lists",
        "package_altered",
        "package_bomb",
        "package_layout",
        "package_manifest",
        "package_members",
        "package_partial",
        "package_path",
        "package_trailing",
        "package_unusable",
        "wrong_purpose",
    ),
    "trust": (
        "bad_root",
        "bad_signature",
        "clock_behind",
        "expired",
        "key_not_valid",
        "key_revoked",
        "key_role",
        "key_unusable",
        "no_trusted_keys",
        "not_trusted",
        "rolled_back",
        "signing",
        "too_few_signatures",
        "trust_store",
        "unknown_key",
    ),
    "bundle": (
        "bundle",
        "bundle_altered",
        "bundle_answer",
        "bundle_bag",
        "bundle_chain",
        "bundle_content",
        "bundle_known",
        "bundle_layout",
        "bundle_members",
        "bundle_partial",
        "bundle_path",
        "bundle_signature",
        "bundle_size",
        "bundle_trailing",
        "bundle_withheld",
        "not_a_bundle",
        "unknown_station",
    ),
    "forbidden": ("forbidden", "same_person"),
    "log_in": ("log_in",),
    "password": ("password", "password_swapped"),
    "number": ("identifier",),
    "case": ("case", "not_confirmed", "record"),
    "records": ("backup_broken", "journal_altered", "ledger", "record_altered"),
    "evidence": ("evidence",),
    "replay": ("replay",),
    "report": ("export_refused", "report_incomplete"),
    "settings": ("bad_policy", "settings"),
    "work": ("batch", "calculated", "demo", "display", "evaluation", "program", "study", "watch"),
}
"""The codes of each kind of trouble; the texts are `trouble.<kind>` and `trouble.<kind>_do`."""
KIND_OF = {code: kind for kind, codes in KINDS.items() for code in codes}


@dataclass(frozen=True, slots=True)
class Told:
    """What a person is told of an error.

    Parameters
    ----------
    what, do : str
        What is wrong, and what to do, as sentences; either may be empty.
    exact : str
        The program's own words in English, where the sentences are in another language.
    """

    what: str
    do: str
    exact: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.do, self.exact) if part)


def told(error: SpectraError, texts: Texts) -> Told:
    """Return an error in the language of the window; what the window says itself stays."""
    kind = _kind(error)
    what, do = (_sentence(part, texts) for part in (error.what, error.remedy))
    if texts.language == "en" or not kind:
        return Told(what, do)
    words = texts.put(" ".join(part for part in (what, do) if part))
    return Told(
        texts.say(f"trouble.{kind}"),
        texts.say(f"trouble.{kind}_do"),
        texts.say("trouble.exact", words=words),
    )


def in_brief(error: SpectraError, texts: Texts) -> str:
    """Return what is wrong in a few words, to stand inside a sentence."""
    kind = _kind(error)
    if texts.language == "en" or not kind:
        return texts.put(error.what)
    return texts.say(f"trouble.{kind}").rstrip(".")


def _kind(error: SpectraError) -> str:
    return KIND_OF.get(getattr(error, "device_code", "") or error.code, "")


def begun(text: str) -> str:
    """Return a text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def _sentence(part: str, texts: Texts) -> str:
    return texts.put(f"{begun(part)}.") if part else ""
