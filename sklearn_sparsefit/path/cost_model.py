"""The cost model of paths: what is read, held and taken on at a time, with the measurements that set its constants.

A wrong choice costs time, never correctness.
"""

import math

from sklearn_sparsefit.datafit import Datafit, Multinomial, Quadratic
from sklearn_sparsefit.solvers.choice import CHEAP_DENSITY, MAX_GRAM

# Up to so many features, and so many for each sample (of several tasks one), one Gram of them all, and everything
# from there, takes less time than a working set and passes if alphas go down to that share of alpha_max: 30 to 80 %
# on designs of 300 to 16000 samples, for a single alpha as for a path, with more features than samples for paths of
# many alphas alone (1000 x 1900, neighbours correlated 0.5: 100 alphas 75 %; independent, alpha_max/35 alone, 262
# kept, 400 %; 1000 x 1500 of five tasks 110 %). Larger alphas keep few features, and the Gram of the others is for
# nothing: for alpha_max/2 alone it takes 10 times as long as a working set on 2000 x 2000 and 5 times on 1000 x 1000,
# for alpha_max/20 twice. But it pays for large alphas, too, where so many paths share it that each has few features
# to pay for and many alphas (100 features, 10 alphas 85 %; 300 features, 30 alphas 100 %), and costs little where it
# takes so few multiply-adds (alpha_max/10 alone: 300 x 300 93 %, 2000 x 100 107 %).
MAX_WHOLE, WHOLE_PER_SAMPLE, MANY_ALPHAS, FAR_DOWN = 2000, 2, 30, 0.02
FEW_OF_WHOLE, FEATURES_PER_ALPHA, SMALL_GRAM = 300, 15, 2**25
# Designs this small are taken whole in any case, sparse ones included: what takes time there is Python.
SMALL_DESIGN, FEW_FEATURES = 2**15, 256
# Of losses that are not quadratic, all features are in the working set from the start where there are so few numbers
# (paths of two classes: 2000 x 50 24 ms in place of 33; Poisson, 1000 x 200: 40 in place of 65; three classes, 2000 x
# 100: 121 in place of 140). Of more features it depends on how many are kept, and 320 is between the two: two classes,
# 512 x 495, 27 kept, 31 ms in place of 18, nearly all kept 66 in place of 76; 500 x 300, 23 kept, 16 in place of 13,
# nearly all kept 51 in place of 74.
SMALL_WORKING_SET, MAX_FEATURES = 2**18, 320

# Past this share of the tolerated gap, rounding of the moments included, residuals are computed from X.
ROUNDING_SHARE = 0.01

# Up to this density, for several tasks, and from so many alphas on, passes leave out what bounds keep from the
# threshold: on dense X a third to a half of them are no reading of X then. The norms that bounds need are half a
# reading: as much as a single alpha would save. So few numbers of X, for each task, are read in no time (569 x 495, two
# classes: 14 ms in place of 17; it makes no difference with 500000 to 1000000, and is a tenth more with twice as many).
BOUNDED_DENSITY, BOUNDED_ALPHAS, FEW_NUMBERS = 0.3, 10, 2**20
# Residuals that bounds start from, at most, and features whose reading takes as long as one of these (paths of two
# classes with 1, 2, 4 and 16 residuals: 200 x 20000 63, 53, 54 and 53 ms; 50000 x 200 .86, .68, .70 and .70 s).
MAX_KNOWN, FEATURES_PER_KNOWN = 8, 100
# So few of the features are read apart from others: that is no reading of X, and not shared with other paths. Where
# more are needed all are read.
FEW_READ = 1 / 8

# Vectors over the samples that every path has of its own: weights, target and what is made of them; of losses that are
# minimised by quadratic models more, and packed columns twice (20000 x 100 of two classes 36 MB, of three 60 MB, 20000
# x 20 of ten 45 MB; it takes the same time with one path as with five).
VECTORS, VECTORS_OF_MODELS = 5, 20
# Sweeps on sparse columns remember so many more: what they extrapolate from, with room for eight alphas.
VECTORS_OF_SWEEPS = 60
# Numbers (64 MB of them) that nobody will miss, however small X is.
SMALL_MEMORY = 2**23

# Alphas solved ahead of one pass: to begin with and at most. A product with 32 columns runs at full speed.
FIRST_WIDTH, MAX_WIDTH = 8, 32
# Newcomers are taken ahead while they are fewer than this share of the support, or than this many; for the next alpha
# alone up to so many times as many. A path of 100 alphas on 200 x 20000 takes a tenth more time with a third and 40,
# and with 0.6 and 120. With 400 for one alpha, single small alphas took twice as long: most of those never stayed.
NEWCOMER_SHARE, MIN_NEWCOMERS, MAX_NEWCOMERS = 1 / 2, 60, 2
# A feature is predicted to enter when its predicted correlation comes this close to the threshold. With more newcomers
# fewer alphas are solved for again; of X that is sparser than CHEAP_DENSITY they cost little. (Paths of 92 to 109
# alphas, with 0.02 and 0.12: two classes, text of 4000 x 50000, 0.27 and 0.23 s, without an intercept 0.40 and 0.36 s;
# least squares, 3000 x 20000, 1 % stored, 7.3 and 6.0 s; two classes, 200 x 20000, dense, 0.075 and 0.086 s.)
MARGIN, SPARSE_MARGIN = 0.02, 0.12
# With features that violate their condition others come in that are so close to that: these violate next (text, alpha
# down to alpha_max/100 alone: 85 ms in place of 91).
NEXT = 0.01
# Between alphas further apart than this, others are put in as stepping stones.
MAX_RATIO = 2.5
# An alpha for which more are foreseen than may come in is solved for roughly, as long as more than this share of its
# support are violators or nearly so (two classes, text, alpha_max/100 alone, beside the code before: 69 and 81 ms).
FEW_WANTED = 0.1


def is_small(shape: tuple[int, int]) -> bool:
    """Whether reading X costs next to nothing."""
    n_samples, n_features = shape
    return n_features <= FEW_FEATURES and n_samples * n_features <= SMALL_DESIGN


def works_on_all(shape: tuple[int, int]) -> bool:
    """Whether a working set of all features is cheaper than to choose some of them."""
    n_samples, n_features = shape
    return n_features <= MAX_FEATURES and n_samples * n_features <= SMALL_WORKING_SET


def suits_moments(shape: tuple[int, int], density: float, n_tasks: int) -> bool:
    """Whether the Gram of a whole design of such a shape may be cheaper than a working set and its passes."""
    n_samples, n_features = shape
    per_sample = WHOLE_PER_SAMPLE if n_tasks == 1 else 1
    return is_small(shape) or n_features <= min(density * MAX_WHOLE, per_sample * n_samples)


def moments_pay(shape: tuple[int, int], n_alphas: int, share: float, n_sharing: int) -> bool:
    """Whether the Gram of such a design pays for a path of so many alphas down to a share of alpha_max.

    So many paths share it.
    """
    n_samples, n_features = shape
    if n_features > n_samples and n_sharing * n_alphas < MANY_ALPHAS:
        return False
    are_few = n_features <= n_sharing * min(FEW_OF_WHOLE, FEATURES_PER_ALPHA * n_alphas)
    is_cheap = n_samples * n_features**2 <= SMALL_GRAM
    return is_cheap or are_few or share <= FAR_DOWN


def margin(density: float) -> float:
    """By how much of the threshold a feature may fall short of it and still be brought in."""
    return SPARSE_MARGIN if density < CHEAP_DENSITY else MARGIN


def bounds_pay(shape: tuple[int, int], density: float, n_tasks: int, n_alphas: int) -> bool:
    """Whether passes that leave out features are shorter for it."""
    if density * math.prod(shape) * n_tasks <= FEW_NUMBERS:
        return False
    return density <= BOUNDED_DENSITY or n_tasks > 1 or n_alphas >= BOUNDED_ALPHAS


def are_few(n_wanted: int, n_features: int) -> bool:
    """Whether so many features are so few that reading them is next to nothing."""
    return n_wanted <= FEW_READ * n_features


def affordable_rows(shape: tuple[int, int], n_paths: int = 1, n_tasks: int = 1) -> int:
    """How many rows of X, or of as many numbers, are small: beside X, or as 8 MB. Several tasks have a row each.

    Paths in lockstep have three times as many between them.
    """
    n_samples, n_features = shape
    rows = max(n_samples // 24, 2**20 // n_features) // n_tasks
    return max(1, min(n_paths, 3) * rows // n_paths)


def affordable_width(shape: tuple[int, int], n_paths: int, n_tasks: int) -> int:
    """For how many alphas at a time correlations of all features are small, and residuals of all samples."""
    return min(affordable_rows(shape, n_paths, n_tasks), affordable_rows(shape[::-1], n_paths, n_tasks))


def max_known(shape: tuple[int, int], n_paths: int, n_tasks: int) -> int:
    """How many residuals, with the correlations of all features, bounds start from."""
    worthwhile = max(1, shape[1] // FEATURES_PER_KNOWN)
    return min(MAX_KNOWN, worthwhile, affordable_width(shape, n_paths, n_tasks))


def paths_at_once(datafit: Datafit, n_features: int, density: float, n_kept: int, by_moments: bool) -> int:
    """How many paths go in lockstep that keep so many features at their ends: what they hold is a quarter of X.

    They hold a working set, or the moments of the whole design. Most of what a pass costs is shared by three or four
    already.
    """
    n_samples, n_tasks = len(datafit.weights), math.prod(datafit.mean.shape)
    is_quadratic = isinstance(datafit, Quadratic)
    n_vectors = VECTORS if is_quadratic else VECTORS_OF_MODELS
    if datafit.has_models and n_tasks == 1 and density < CHEAP_DENSITY:
        n_vectors += VECTORS_OF_SWEEPS
    held: float = n_vectors * n_tasks * n_samples
    if by_moments:
        held += 2 * n_features**2
    else:
        # A working set grows to about twice the support; its columns and Gram have some room to spare. Then the factor,
        # and what is known of all features. Of several classes the Gram is that of pairs of class and feature.
        n_columns = min(2 * n_kept, n_features)
        n_pairs = n_columns * n_tasks if isinstance(datafit, Multinomial) else n_columns
        columns = (1 if is_quadratic else 2) * min(2 * density, 1.0) * n_samples
        held += n_columns * columns + 1.8 * min(n_pairs, MAX_GRAM) ** 2 + 4 * n_tasks * n_features
        held += max_known((n_samples, n_features), 1, n_tasks) * n_tasks * (n_samples + n_features)
    return max(1, int(max(density * n_samples * n_features / 4, SMALL_MEMORY) / max(1, held)))


def affords_grams(shape: tuple[int, int], density: float, n_grams: int) -> bool:
    """Whether so many Gram matrices of all features are small beside X."""
    n_samples, n_features = shape
    return n_grams * n_features**2 <= max(density * n_samples * n_features / 4, SMALL_MEMORY / 4)
