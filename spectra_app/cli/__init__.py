"""The command line: `run` parses arguments, calls one service and prints.

Heavy parts are imported by the command that needs them, so that `spectra identify` stays quick.
"""

from spectra_app.cli.main import run

__all__ = ["run"]
