"""Why a bundle is not made or not taken in.

AppError
└── BundleError
    ├── NotABundleError        the file is no bundle at all
    ├── BundlePartialError     it ends early
    ├── BundleTrailingError    something follows its end
    ├── BundleLayoutError      a byte that is no content was altered
    ├── BundlePathError        a member is a link, a device, or would lie elsewhere
    ├── BundleMembersError     a member is missing, additional, twice or out of order
    ├── BundleSizeError        it is compressed, or larger than a bundle may be
    ├── BundleBagError         its tag files are not those of a bag (RFC 8493)
    ├── BundleAlteredError     a file is not what the manifest says
    ├── BundleSignatureError   the signature is not one over this bundle
    ├── BundleContentError     what it says of itself does not hold together
    ├── BundleChainError       a record is not the one that the audit extract tells of
    ├── UnknownStationError    nobody here has agreed to the key of the station that made it
    ├── BundleKnownError       it was taken in before
    ├── WithheldError          it cannot be exported without what this user may not see
    └── AnswerError            an answer to no question of this station, or to an answered one
"""

from __future__ import annotations

from spectra_app.errors import AppError


class BundleError(AppError):
    """A bundle cannot be made or taken in."""

    code = "bundle"


class NotABundleError(BundleError):
    """The file is no bundle at all."""

    code = "not_a_bundle"


class BundlePartialError(BundleError):
    """The bundle ends early."""

    code = "bundle_partial"


class BundleTrailingError(BundleError):
    """Something follows the end of the bundle."""

    code = "bundle_trailing"


class BundleLayoutError(BundleError):
    """A byte that is no content was altered."""

    code = "bundle_layout"


class BundlePathError(BundleError):
    """A member is a link, a device, or would lie elsewhere."""

    code = "bundle_path"


class BundleMembersError(BundleError):
    """A member is missing, additional, twice or out of order."""

    code = "bundle_members"


class BundleSizeError(BundleError):
    """The bundle is compressed, or larger than one may be."""

    code = "bundle_size"


class BundleBagError(BundleError):
    """The tag files are not those of a bag."""

    code = "bundle_bag"


class BundleAlteredError(BundleError):
    """A file is not what the manifest says."""

    code = "bundle_altered"


class BundleSignatureError(BundleError):
    """The signature is not one over this bundle."""

    code = "bundle_signature"


class BundleContentError(BundleError):
    """What a bundle says of itself does not hold together."""

    code = "bundle_content"


class BundleChainError(BundleError):
    """A record is not the one that the audit extract tells of."""

    code = "bundle_chain"


class UnknownStationError(BundleError):
    """Nobody here has agreed to the key of the station that made the bundle, or it was revoked."""

    code = "unknown_station"


class BundleKnownError(BundleError):
    """The bundle was taken in before."""

    code = "bundle_known"


class WithheldError(BundleError):
    """The case cannot be exported without what this user may not see."""

    code = "bundle_withheld"


class AnswerError(BundleError):
    """An answer to no question of this station, or to one that was answered."""

    code = "bundle_answer"
