"""The warning about models, beside scikit-learn's about convergence."""


class ModelWarning(UserWarning):
    """The answer is right, but what was asked may not be what was meant.

    Such as an alpha at the end of its grid, a penalty without effect, or unpenalised features that say the same. Where
    the answer itself is loose, there is a :class:`~sklearn.exceptions.ConvergenceWarning`.
    """
