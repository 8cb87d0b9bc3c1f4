from sklearn_sparsefit._typing import Block, Matrix, Vector

def fit(
    codes: Vector,
    weights: Vector,
    mean: Vector,
    raw: Block,
    residuals: Block,
    losses: Vector,
    offsets: Matrix,
    fit_intercept: bool,
) -> None: ...
def sample_losses(codes: Vector, raw: Block) -> Matrix: ...
def room_of(n_classes: int) -> Matrix: ...
def misfit(codes: Vector, weights: Vector, raw: Matrix, scale: float) -> float: ...
