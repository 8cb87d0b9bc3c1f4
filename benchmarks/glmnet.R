# Answers lines "thresh repetitions naive|covariance [lead|cv|fold NUMBER]" on stdin with the seconds that glmnet takes.
# The coefficients go to files: those of a path, or for cv those that it chooses.
suppressMessages({library(Matrix); library(glmnet)})
folder <- commandArgs(trailingOnly = TRUE)[1]
doubles <- function(name, n) readBin(file.path(folder, name), "double", n)
integers <- function(name, n) readBin(file.path(folder, name), "integer", n)

shape <- integers("shape.bin", 6)
n <- shape[1]; p <- shape[2]; k <- shape[3]; nnz <- shape[4]; intercept <- shape[5] == 1
family <- if (shape[6] == 1) "binomial" else "gaussian"
y <- doubles("y.bin", n)
folds <- integers("folds.bin", n)
if (nnz < 0) {
  X <- matrix(doubles("X.bin", n * p), n, p)
} else {
  X <- new("dgCMatrix", x = doubles("data.bin", nnz), i = integers("indices.bin", nnz),
           p = integers("indptr.bin", p + 1), Dim = c(n, p))
}
# The whole path, whatever it explains.
glmnet.control(fdev = 0, devmax = 1)
fit <- function(X, y, lambda, l1_ratio, type, thresh, solver = glmnet, ...) {
  solver(X, y, family = family, alpha = l1_ratio, lambda = lambda, standardize = FALSE, intercept = intercept,
         type.gaussian = type, thresh = thresh, maxit = 1e9, ...)
}
cross_validate <- function(...) {
  model <- fit(..., solver = cv.glmnet, foldid = folds)
  list(beta = model$glmnet.fit$beta[, model$index["min", 1], drop = FALSE])
}
small <- matrix(rnorm(200), 20, 10)
invisible(fit(small, rep(0:1, 10), c(0.5, 0.1), 1, "naive", 1e-7))

cat(as.character(packageVersion("glmnet")), R.version$major, R.version$minor, "\n")
input <- file("stdin")
open(input)
while (length(line <- readLines(input, 1)) > 0) {
  request <- strsplit(line, " ")[[1]]
  repetitions <- as.integer(request[2])
  mode <- if (length(request) > 3) request[4] else "path"
  settings <- doubles("settings.bin", k + 1)
  lambda <- if (mode == "lead") doubles("lead.bin", 1000) else settings[1:k]
  call <- if (mode == "cv") cross_validate else fit
  data <- list(X, y)
  if (mode == "fold") {
    rows <- folds != as.integer(request[5])
    data <- list(X[rows, , drop = FALSE], y[rows])
  }
  # Collecting garbage takes longer than many a fold, whose time is not wanted.
  times <- system.time(gcFirst = mode != "fold", for (i in seq_len(repetitions)) {
    model <- call(data[[1]], data[[2]], lambda, settings[k + 1], request[3], as.numeric(request[1]))
  })
  seconds <- sum(times[if (Sys.getenv("BENCHMARK_CLOCK") == "cpu") c("user.self", "sys.self") else "elapsed"])
  beta <- as(model$beta, "CsparseMatrix")
  writeBin(dim(beta), file.path(folder, "beta_shape.bin"))
  writeBin(beta@x, file.path(folder, "beta_data.bin"))
  writeBin(beta@i, file.path(folder, "beta_indices.bin"))
  writeBin(beta@p, file.path(folder, "beta_indptr.bin"))
  cat(seconds / repetitions, "\n")
}
