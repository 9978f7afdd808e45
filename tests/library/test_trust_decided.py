"""Trust is decided by a pure object: each reason to refuse is a reason of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from library.errors import (
    BadSignatureError,
    ClockError,
    ExpiredError,
    KeyNotValidError,
    KeyRoleError,
    NewerProgramError,
    NotCanonicalError,
    RevokedKeyError,
    RollbackError,
    RootError,
    SamePersonError,
    TooFewSignaturesError,
    UnknownKeyError,
    WrongPurposeError,
)
from library.signing import Signed, canonical, new_key, open_key
from library.trust import Trust
from library.trusted_keys import (
    CONTROL_LIST,
    LIBRARY,
    ROOT,
    Revocation,
    Root,
    TrustedKey,
    first_root,
    instant,
    stamp,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORDS = "correct horse battery staple"
PEOPLE = ("A. Chemist", "B. Supervisor", "C. Stranger", "D. Newcomer")


@pytest.fixture(scope="module")
def keys():
    return [open_key(new_key(WORDS, iterations=1000)[0], WORDS) for _ in PEOPLE]


@pytest.fixture(scope="module")
def trusted(keys):
    return [TrustedKey(key.public, person) for key, person in zip(keys, PEOPLE, strict=True)]


@pytest.fixture(scope="module")
def trust(trusted):
    return Trust(first_root(trusted[:2], NOW))


def _content(**others):
    content = {
        "purpose": LIBRARY,
        "name": "Example",
        "sequence": 3,
        "created": stamp(NOW),
        "expires": stamp(NOW + timedelta(days=90)),
    }
    return content | others


def _signed(keys, *numbers, **others):
    payload = canonical(_content(**others))
    signed = Signed(payload)
    for number in numbers:
        signed = signed.with_signature(keys[number].sign(payload))
    return signed


def test_two_trusted_persons_are_believed(trust, keys):
    signed = _signed(keys, 0, 1)
    statement = trust.check(signed, purpose=LIBRARY, now=NOW)
    assert {key.person for key in statement.signers} == set(PEOPLE[:2])
    assert trust.seen(statement).check(signed, purpose=LIBRARY, now=NOW).value["sequence"] == 3


@pytest.mark.parametrize(
    ("numbers", "others", "error"),
    [
        ((0,), {}, TooFewSignaturesError),
        ((), {}, TooFewSignaturesError),
        ((0, 2), {}, UnknownKeyError),
        ((0, 1, 2), {}, UnknownKeyError),
        ((0, 1), {"purpose": CONTROL_LIST}, WrongPurposeError),
        ((0, 1), {"purpose": 7}, NotCanonicalError),
        ((0, 1), {"sequence": 0}, NotCanonicalError),
        ((0, 1), {"sequence": True}, NotCanonicalError),
        ((0, 1), {"name": ""}, NotCanonicalError),
        ((0, 1), {"created": "today"}, NotCanonicalError),
        ((0, 1), {"created": "2026-11-22T12:00:00+00:00"}, NotCanonicalError),
        ((0, 1), {"expires": None}, NotCanonicalError),
        ((0, 1), {"expires": stamp(NOW)}, ExpiredError),
        ((0, 1), {"created": stamp(NOW + timedelta(days=2))}, ClockError),
        ((0, 1), {"minimum_program": "0.2.0"}, NewerProgramError),
        ((0, 1), {"minimum_program": "soon"}, NewerProgramError),
        ((0, 1), {"minimum_program": 1}, NewerProgramError),
    ],
)
def test_each_fault_has_its_own_reason(trust, keys, numbers, others, error):
    with pytest.raises(error) as caught:
        trust.check(
            _signed(keys, *numbers, **others),
            purpose=LIBRARY,
            now=NOW,
            program="0.1.0",
            where="file",
        )
    assert type(caught.value) is error
    assert str(caught.value).startswith("file: ")
    assert caught.value.remedy


def test_a_signature_over_other_content_does_not_count(trust, keys):
    one, other = _signed(keys, 0, 1), _signed(keys, 0, 1, sequence=4)
    with pytest.raises(BadSignatureError):
        trust.check(Signed(one.payload, other.signatures), purpose=LIBRARY, now=NOW)
    mixed = Signed(one.payload, (one.signatures[0], other.signatures[1]))
    with pytest.raises(BadSignatureError):
        trust.check(mixed, purpose=LIBRARY, now=NOW)


def test_one_person_does_not_count_twice(keys, trusted):
    same = replace(trusted[2], person="a. CHEMIST ")
    trust = Trust(first_root([*trusted[:2], same], NOW))
    with pytest.raises(SamePersonError):
        trust.check(_signed(keys, 0, 2), purpose=LIBRARY, now=NOW)
    signed = _signed(keys, 0)
    with pytest.raises(SamePersonError):
        trust.check(Signed(signed.payload, signed.signatures * 2), purpose=LIBRARY, now=NOW)


def test_a_key_signs_what_it_may_and_when_it_may(keys, trusted):
    roots_only = replace(trusted[2], purposes=(ROOT,))
    early = replace(trusted[3], valid_until=stamp(NOW - timedelta(days=1)))
    trust = Trust(first_root([*trusted[:2], roots_only, early], NOW))
    with pytest.raises(KeyRoleError):
        trust.check(_signed(keys, 0, 1, 2), purpose=LIBRARY, now=NOW)
    back_dated = stamp(NOW - timedelta(days=9))
    for created in (stamp(NOW), back_dated):
        with pytest.raises(KeyNotValidError):
            trust.check(_signed(keys, 0, 3, created=created), purpose=LIBRARY, now=NOW)
    late = replace(trusted[3], valid_from=stamp(NOW - timedelta(days=1)))
    trust = Trust(first_root([*trusted[:2], late], NOW))
    assert trust.check(_signed(keys, 0, 3), purpose=LIBRARY, now=NOW)
    with pytest.raises(KeyNotValidError):
        trust.check(_signed(keys, 0, 3, created=back_dated), purpose=LIBRARY, now=NOW)


def test_versions_never_go_back_for_one_name(trust, keys):
    seen = trust.seen(trust.check(_signed(keys, 0, 1), purpose=LIBRARY, now=NOW))
    with pytest.raises(RollbackError, match="older"):
        seen.check(_signed(keys, 0, 1, sequence=2), purpose=LIBRARY, now=NOW)
    with pytest.raises(RollbackError, match="same number"):
        seen.check(_signed(keys, 0, 1, version="b"), purpose=LIBRARY, now=NOW)
    assert seen.check(_signed(keys, 0, 1, sequence=4), purpose=LIBRARY, now=NOW)
    assert seen.check(_signed(keys, 0, 1, name="Other", sequence=1), purpose=LIBRARY, now=NOW)


def test_setting_the_clock_back_does_not_unfreeze(trust, keys):
    newer = _signed(keys, 0, 1, sequence=4, created=stamp(NOW + timedelta(hours=1)))
    seen = trust.seen(trust.check(newer, purpose=LIBRARY, now=NOW))
    old = _signed(keys, 0, 1, name="Other", created=stamp(NOW - timedelta(days=60)))
    with pytest.raises(ClockError):
        seen.check(old, purpose=LIBRARY, now=NOW - timedelta(days=50))


def test_a_revoked_key_is_never_believed_again(trust, keys):
    gone = trust.revoked(Revocation(keys[1].id, stamp(NOW), "lost"))
    with pytest.raises(RevokedKeyError, match="lost"):
        gone.check(_signed(keys, 0, 1), purpose=LIBRARY, now=NOW)


def _root(keys, root, *numbers):
    payload = root.payload()
    signed = Signed(payload)
    for number in numbers:
        signed = signed.with_signature(keys[number].sign(payload))
    return signed


def test_a_new_root_is_signed_by_old_and_new(trust, keys, trusted):
    """The second person hands over to the fourth."""
    new = Root(2, stamp(NOW), (trusted[0], trusted[3]))
    rotated = trust.rotated(_root(keys, new, 0, 1, 3), now=NOW)
    assert rotated.root == Root.from_payload(new.payload())
    assert rotated.check(_signed(keys, 0, 3), purpose=LIBRARY, now=NOW)
    with pytest.raises(UnknownKeyError):
        rotated.check(_signed(keys, 0, 1), purpose=LIBRARY, now=NOW)
    for too_few in ((0, 1), (0, 3), (1, 3), (3,)):
        with pytest.raises(TooFewSignaturesError):
            trust.rotated(_root(keys, new, *too_few), now=NOW)
    with pytest.raises(UnknownKeyError):
        trust.rotated(_root(keys, new, 0, 1, 2, 3), now=NOW)
    with pytest.raises(RollbackError):
        rotated.rotated(_root(keys, new, 0, 1, 3), now=NOW)
    with pytest.raises(RootError, match="in between"):
        trust.rotated(_root(keys, replace(new, version=3), 0, 1, 3), now=NOW)
    other = _root(keys, replace(new, created=stamp(NOW - timedelta(1))), 0, 1, 3)
    with pytest.raises(BadSignatureError):
        trust.rotated(Signed(new.payload(), other.signatures), now=NOW)
    with pytest.raises(WrongPurposeError):
        trust.rotated(_signed(keys, 0, 1), now=NOW)


def test_a_key_that_ended_stands_for_what_is_installed_only(trust, keys, trusted):
    ended = replace(trusted[1], valid_until=stamp(NOW))
    new = Root(2, stamp(NOW), (trusted[0], ended, trusted[3]))
    later = NOW + timedelta(days=5)
    rotated = trust.rotated(_root(keys, new, 0, 1, 3), now=later)
    old = _signed(keys, 0, 1)
    with pytest.raises(KeyNotValidError):
        rotated.check(old, purpose=LIBRARY, now=later)
    assert rotated.check_kept(old, purpose=LIBRARY)
    with pytest.raises(TooFewSignaturesError):
        rotated.check_kept(_signed(keys, 0), purpose=LIBRARY)
    with pytest.raises(RevokedKeyError):
        rotated.revoked(Revocation(keys[1].id, stamp(later), "lost")).check_kept(
            old, purpose=LIBRARY
        )
    with pytest.raises(RootError):
        Root(2, stamp(NOW), (trusted[0], ended))


def test_a_root_revokes_and_no_later_root_forgets_it(trust, keys, trusted):
    lost = Revocation(keys[1].id, stamp(NOW), "stolen")
    new = Root(2, stamp(NOW), (trusted[0], trusted[3]), revoked=(lost,))
    rotated = trust.rotated(_root(keys, new, 0, 1, 3), now=NOW)
    with pytest.raises(RevokedKeyError, match="stolen"):
        rotated.check(_signed(keys, 0, 1), purpose=LIBRARY, now=NOW)
    forgetful = Root(3, stamp(NOW), (trusted[0], trusted[1], trusted[3]))
    with pytest.raises(RootError, match="forgets"):
        rotated.rotated(_root(keys, forgetful, 0, 3), now=NOW)
    with pytest.raises(RevokedKeyError):
        trust.revoked(lost).rotated(_root(keys, new, 0, 1, 3), now=NOW)


def test_a_root_needs_two_persons_for_everything(trusted):
    same = replace(trusted[1], person=trusted[0].person)
    for keys in (trusted[:1], [trusted[0], same], [trusted[0], trusted[0]]):
        with pytest.raises(RootError):
            first_root(keys, NOW)
    lists_only = replace(trusted[1], purposes=(CONTROL_LIST,))
    with pytest.raises(RootError, match="spectra"):
        first_root([trusted[0], lists_only], NOW)
    alone = tuple((purpose, 1) for purpose in (ROOT, LIBRARY, CONTROL_LIST))
    with pytest.raises(RootError):
        Root(1, stamp(NOW), tuple(trusted[:2]), thresholds=alone)
    with pytest.raises(RootError, match="revoked"):
        Root(1, stamp(NOW), tuple(trusted[:2]), revoked=(Revocation(trusted[0].id, "", ""),))


@pytest.mark.parametrize("text", ["", "2026-11-22", "2026-1-2T03:04:05Z", "2026-11-22T12:00:00z"])
def test_a_time_has_one_form(text):
    with pytest.raises(NotCanonicalError):
        instant(text)
    assert instant(stamp(NOW)) == NOW


@pytest.mark.parametrize(
    "again", ["Mu\u0308ller", "M\u00dcLLER", "M\uff55\u0308ller", "M\u00fc-ller."]
)
def test_one_person_typed_in_another_way_is_one_person(keys, again):
    people = [TrustedKey(keys[0].public, "M\u00fcller"), TrustedKey(keys[1].public, again)]
    with pytest.raises(RootError, match="keys of 1;"):
        first_root(people, NOW)


@pytest.mark.parametrize("name", ["...", "", "A\x1b[1G B", "A\u202eB", "A\nB"])
def test_nobody_can_hold_a_key_under_no_name_or_a_hidden_one(keys, name):
    people = [TrustedKey(keys[0].public, "A. Chemist"), TrustedKey(keys[1].public, name)]
    with pytest.raises(RootError, match="no usable name"):
        first_root(people, NOW)
