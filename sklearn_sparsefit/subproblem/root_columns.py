"""The columns that problems of least squares in the samples see."""

import numpy as np

from sklearn_sparsefit._typing import Matrix
from sklearn_sparsefit.subproblem.working_set import WorkingSet


class RootColumns:
    """The centred columns of a working set that grows, times the roots of the weights, one per row."""

    def __init__(self) -> None:
        self._columns = np.empty((0, 0))
        self._n_columns = 0

    def of(self, working_set: WorkingSet) -> Matrix:
        """All columns so far."""
        roots = np.sqrt(working_set.datafit.weights)
        known, total = self._n_columns, len(working_set)
        if total > len(self._columns):
            columns = np.empty((total + total // 4, len(roots)))
            if known:
                columns[:known] = self._columns[:known]
            self._columns = columns
        for block in working_set.blocks(known):
            self._columns[block] = working_set.centred(block) * roots
            self._columns[block][working_set.sq_norms[block] == 0] = 0.0
        self._n_columns = total
        return self._columns[:total]
