"""GFN2-xTB energies and gradients by tblite, with or without an electric field."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tblite._libtblite import ffi
from tblite.interface import Calculator, Result

from library.calculated.errors import CalculationError

Array = NDArray[np.float64]

METHOD = "GFN2-xTB"
# Tighter than tblite's own: gradients then repeat within 1e-6 Hartree/bohr, lines within 0.1 cm-1.
ACCURACY = 0.1
# For the few calls whose second differences are taken: the tensors then hold 0.1 %.
TIGHT = 0.001


class Surface:
    """The energy surface of one molecule.

    Parameters
    ----------
    numbers : int array, shape (n,)
        Atomic numbers.
    geometry : float array, shape (n, 3)
        Any geometry of it, in bohr.
    field : three floats, optional
        A uniform electric field in atomic units.
    accuracy : float
        tblite's factor on its limits of convergence.

    References
    ----------
    C. Bannwarth, S. Ehlert, S. Grimme, J. Chem. Theory Comput. 15 (2019) 1652 (GFN2-xTB).
    """

    def __init__(
        self,
        numbers: NDArray[np.int64],
        geometry: Array,
        field: Sequence[float] | None = None,
        accuracy: float = ACCURACY,
    ) -> None:
        self._calculator = Calculator(METHOD, numbers, geometry.reshape(-1, 3))
        self._calculator.set("verbosity", 0)
        self._calculator.set("accuracy", accuracy)
        if field is not None:  # tblite refuses a numpy array here
            values = ffi.new("double[3]", [float(value) for value in field])
            self._calculator.add("electric-field", values)
        self._last: Result | None = None
        self.calls = 0

    def __call__(self, geometry: Array) -> tuple[float, Array]:
        """Return energy (Hartree) and gradient (Hartree/bohr, flat) at a geometry in bohr.

        Each call starts from the electrons of the one before.

        Raises
        ------
        CalculationError
            When the electrons do not converge.
        """
        self._calculator.update(np.ascontiguousarray(geometry.reshape(-1, 3)))
        self.calls += 1
        self._last = self._converge()
        gradient = np.array(self._last.get("gradient"), dtype=np.float64)
        return float(self._last.get("energy")), gradient.ravel()

    def _converge(self) -> Result:
        if self._last is not None:
            with contextlib.suppress(RuntimeError):
                return self._calculator.singlepoint(self._last)
        try:
            return self._calculator.singlepoint()
        except RuntimeError as error:
            raise CalculationError("the electrons do not converge") from error
