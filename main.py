"""Start Spectra: `python main.py` opens the window.

`python main.py --check-system` only says which system libraries are missing (exit 1), or nothing.
"""

import sys


def main() -> int:
    """Start what the command line asks for; the imports are late because the check needs no Qt."""
    if sys.argv[1:] == ["--check-system"]:
        from spectra_app.system_check import main as check_system

        return check_system()
    from spectra_app.app import main as start

    return start()


if __name__ == "__main__":
    sys.exit(main())
