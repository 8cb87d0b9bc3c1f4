"""Lines of a compressed matrix (columns of CSC, rows of CSR) and their products with many vectors, in threads."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sklearn_sparsefit._threads import run_in_threads
from sklearn_sparsefit._typing import Matrix, Vector
from sklearn_sparsefit.design import _sparse_pass
from sklearn_sparsefit.design._sparse_pass import WIDTH

# Multiply-adds that a thread does at a time: worth its while, and soon over.
PIECE = 2**21


@dataclass(frozen=True)
class Lines:
    """Entries (index, value) line by line: those of line j from ``indptr[j]`` to ``indptr[j + 1]``, in any order."""

    data: NDArray[np.floating]
    indices: NDArray[np.integer]
    indptr: NDArray[np.int64]

    def take(self, lines: NDArray[np.intp], scale: float) -> "Lines":
        """Copy of some lines, times ``scale``, in double precision."""
        lengths = self.indptr[lines + 1] - self.indptr[lines]
        indptr = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        data, indices = np.empty(indptr[-1]), np.empty(indptr[-1], dtype=np.int32)
        _sparse_pass.take(self.data, self.indices, self.indptr, lines, scale, indptr, data, indices)
        return Lines(data, indices, indptr)

    def gather(self, vectors: Matrix, lines: NDArray[np.intp] | slice = slice(None)) -> Matrix:
        """Sum of ``value * vector[index]`` over each of some lines, for every vector: shape (k, n_lines).

        Each line has a sum of its own: threads take lines.
        """
        blocks = _interleave(vectors)
        starts, stops = self.indptr[:-1][lines], self.indptr[1:][lines]
        result = np.empty((len(vectors), len(starts)))
        # Lines of a slice, of step one, lie one after the other (text of 50000 features: a twentieth of a pass).
        ends = stops - starts[:1] if isinstance(lines, slice) else np.cumsum(stops - starts)

        def work(part: tuple[int, int]) -> None:
            _sparse_pass.gather(self.data, self.indices, starts, stops, blocks, result, *part)

        run_in_threads(work, _parts(ends, len(vectors)))
        return result

    def scatter(self, vectors: Matrix, length: int) -> Matrix:
        """Sum of ``value * vector[line]`` over each index below ``length``, for every vector: shape (k, length).

        Lines meet in the sums: threads take vectors.
        """
        blocks = _interleave(vectors)
        n_blocks, _, width = blocks.shape
        result = np.empty((len(vectors), length))
        parts = _parts(self.indptr[1:], width)

        def work(block: int) -> None:
            sums = np.zeros((length, width))
            for part in parts:
                _sparse_pass.scatter(self.data, self.indices, self.indptr, blocks[block], sums, *part)
            lines = result[block * width : (block + 1) * width]
            lines[:] = sums.T[: len(lines)]

        run_in_threads(work, range(n_blocks))
        return result

    def sq_norms(self, vector: Vector, scale: float) -> Vector:
        """Sum of ``(scale * value)^2 * vector[index]`` over each line."""
        result = np.empty(len(self.indptr) - 1)
        _sparse_pass.gather_squares(self.data, self.indices, self.indptr, vector, scale, result)
        return result

    def sq_norms_across(self, vector: Vector, scale: float, length: int) -> Vector:
        """Sum of ``(scale * value)^2 * vector[line]`` over the entries of each index below ``length``."""
        result = np.zeros(length)
        _sparse_pass.scatter_squares(self.data, self.indices, self.indptr, vector, scale, result)
        return result


def _parts(ends: NDArray[np.int64], n_vectors: int) -> list[tuple[int, int]]:
    """Ranges of lines with about PIECE multiply-adds each, from the numbers of entries up to each line's end."""
    n_lines = len(ends)
    n_entries = int(ends[-1]) if n_lines else 0
    n_parts = min(n_lines, 1 + n_entries * n_vectors // PIECE)
    if n_parts == 1:
        return [(0, n_lines)]
    cuts = np.searchsorted(ends, np.arange(1, n_parts) * (n_entries / max(1, n_parts)), side="right")
    return list(pairwise(np.unique(np.concatenate([[0], cuts, [n_lines]])).tolist()))


def _interleave(vectors: Matrix) -> NDArray[np.float64]:
    """WIDTH vectors at a time, element by element: shape (n_blocks, length, WIDTH), or (1, length, 1) for one."""
    k, length = vectors.shape
    if k == 1:
        return np.ascontiguousarray(vectors).reshape(1, length, 1)
    blocks = np.zeros((-(-k // WIDTH), length, WIDTH))
    for block, out in enumerate(blocks):
        part = vectors[block * WIDTH : (block + 1) * WIDTH]
        out[:, : len(part)] = part.T
    return blocks
