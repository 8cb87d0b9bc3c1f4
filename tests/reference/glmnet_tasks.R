# Writes glmnet_tasks.json: several targets, bounds of their coefficients, and what glmnet makes of them.
#
#   Rscript tests/reference/glmnet_tasks.R tests/reference/glmnet_tasks.json
#
# The values that are kept are those of the glmnet that the file names.

library(glmnet)
glmnet.control(fdev = 0, devmax = 1)

number <- function(x) {
  text <- sprintf("%.17g", x)
  text[is.infinite(x)] <- ifelse(x[is.infinite(x)] > 0, "Infinity", "-Infinity")
  text
}

json <- function(x) {
  if (is.list(x)) {
    parts <- vapply(x, json, "")
    if (is.null(names(x))) return(paste0("[", paste(parts, collapse = ",\n"), "]"))
    return(paste0("{", paste0("\"", names(x), "\": ", parts, collapse = ",\n"), "}"))
  }
  if (is.matrix(x)) return(paste0("[", paste(apply(x, 1, json_vector), collapse = ",\n"), "]"))
  if (is.character(x)) return(paste0("\"", x, "\""))
  if (is.logical(x)) return(if (x) "true" else "false")
  if (length(x) == 1) return(number(x))
  json_vector(x)
}

json_vector <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")

make_data <- function(n, p, n_tasks) {
  i <- seq_len(n)
  X <- outer(i, seq_len(p), function(i, j) sin(0.7 * i + 1.9 * j) + sin(0.013 * i * j^2 + j) + 0.5 * sin(5.3 * i))
  X <- sweep(X, 2, rep(c(1, 3, 0.3), length.out = p), "*")
  X <- sweep(X, 2, rep(c(0, 2, -1), length.out = p), "+")
  effects <- outer(seq_len(p), seq_len(n_tasks), function(j, t) (j <= 10) * (j %% 3 != 2) * sin(1.3 * j + 2.1 * t))
  noise <- outer(i, seq_len(n_tasks), function(i, t) sin(11.7 * i * t + 0.3 * i^2))
  list(X = X, Y = 3 + X %*% (effects / apply(X, 2, sd)) + noise, weights = 1 + sin(2.1 * i))
}

data <- list(tall = make_data(40, 8, 3), wide = make_data(20, 30, 4))

# Penalty factors and limits, repeated over the features.
factors <- c(0.5, 2, 0, 1, 1.5, Inf, 3)
lower <- c(-Inf, -0.1, 0, -0.05, 0)
upper <- c(0.3, Inf, 0.2, 0.02, Inf, 0.5, 0)

settings <- list(
  plain = list(),
  limits = list(lower.limits = lower, upper.limits = upper),
  positive = list(lower.limits = 0),
  factors_limits = list(penalty.factor = factors, lower.limits = lower, upper.limits = upper)
)

cases <- list()
for (name in names(data)) for (setting in names(settings)) for (standardize in c(FALSE, TRUE))
  for (weighted in c(FALSE, TRUE)) for (alpha in c(1, 0.5)) for (intercept in c(TRUE, FALSE)) {
    # All combinations would be a large file.
    if (weighted + standardize + (!intercept) + (alpha < 1) > 1) next
    some <- data[[name]]
    extra <- settings[[setting]]
    for (argument in names(extra)) extra[[argument]] <- rep(extra[[argument]], length.out = ncol(some$X))
    weights <- if (weighted) some$weights else rep(1, nrow(some$X))
    lambda <- c(0.6, 0.2, 0.05)
    fit <- do.call(glmnet, c(
      list(x = some$X, y = some$Y, weights = weights, alpha = alpha, standardize = standardize, intercept = intercept,
           lambda = lambda, thresh = 1e-22, maxit = 1e8, family = "mgaussian"), extra))
    case <- list(data = name, setting = setting, standardize = standardize, weighted = weighted, alpha = alpha,
                 intercept = intercept, lambda = lambda)
    for (argument in names(extra)) case[[argument]] <- extra[[argument]]
    case$intercepts <- t(matrix(fit$a0, ncol = length(lambda)))
    case$coefs <- lapply(seq_along(lambda), function(k) t(sapply(fit$beta, function(beta) as.matrix(beta)[, k])))
    cases[[length(cases) + 1]] <- case
  }

target <- commandArgs(trailingOnly = TRUE)[1]
writeLines(json(list(glmnet = as.character(packageVersion("glmnet")), data = data, cases = cases)), target)
