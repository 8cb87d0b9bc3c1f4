# Writes glmnet.json: data made of sines, and what glmnet makes of them.
#
#   Rscript tests/reference/glmnet.R tests/reference/glmnet.json
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

make_data <- function(n, p) {
  i <- seq_len(n)
  X <- outer(i, seq_len(p), function(i, j) sin(0.7 * i + 1.9 * j) + sin(0.013 * i * j^2 + j) + 0.5 * sin(5.3 * i))
  X <- sweep(X, 2, rep(c(1, 10, 0.1, 3), length.out = p), "*")
  X <- sweep(X, 2, rep(c(0, 2, -1), length.out = p), "+")
  effect <- rep(c(2, 0, 0, -1, 0.5), length.out = p) / apply(X, 2, sd)
  effect[seq_len(p) > 10] <- 0
  list(X = X, y = as.vector(3 + X %*% effect + 1.5 * sin(11.7 * i + 0.3 * i^2)), weights = 1 + sin(2.1 * i))
}

data <- list(tall = make_data(40, 8), wide = make_data(20, 30))
common <- list(thresh = 1e-22, maxit = 1e8, family = "gaussian")

# Penalty factors and limits, repeated over the features.
factors <- c(0.5, 2, 0, 1, 1.5, Inf, 3)
lower <- c(-Inf, -0.1, 0, -0.05, 0)
upper <- c(0.3, Inf, 0.2, 0.02, Inf, 0.5, 0)

settings <- list(
  plain = list(),
  factors = list(penalty.factor = factors),
  limits = list(lower.limits = lower, upper.limits = upper),
  factors_limits = list(penalty.factor = factors, lower.limits = lower, upper.limits = upper),
  relax = list(relax = TRUE),
  factors_limits_relax = list(relax = TRUE, penalty.factor = factors, lower.limits = lower, upper.limits = upper)
)

cases <- list()
for (name in names(data)) for (setting in names(settings)) for (standardize in c(FALSE, TRUE))
  for (weighted in c(FALSE, TRUE)) for (alpha in c(1, 0.5)) for (intercept in c(TRUE, FALSE)) {
    # All combinations would be a large file.
    if ((weighted || !intercept) && (alpha < 1) != (setting %in% c("plain", "factors_limits"))) next
    if (name == "wide" && (weighted || !intercept || alpha < 1)) next
    # Least squares with as many coefficients as samples is decided by rounding.
    if (name == "wide" && grepl("relax", setting)) next
    some <- data[[name]]
    extra <- settings[[setting]]
    for (argument in intersect(names(extra), c("penalty.factor", "lower.limits", "upper.limits")))
      extra[[argument]] <- rep(extra[[argument]], length.out = ncol(some$X))
    weights <- if (weighted) some$weights else rep(1, nrow(some$X))
    arguments <- c(list(x = some$X, y = some$y, weights = weights, alpha = alpha, standardize = standardize,
                        intercept = intercept), extra, common)
    # Strengths that suit features with and without their scales.
    arguments$lambda <- (if (standardize) 1 else 2) * c(0.6, 0.2, 0.05)
    fit <- do.call(glmnet, arguments)
    gammas <- if (isTRUE(extra$relax)) c(0, 0.5, 1) else 1
    for (gamma in gammas) {
      # What coef() takes for gamma = 0 is 1e-5.
      coefs <- if (gamma == 0) rbind(fit$relaxed$a0, fit$relaxed$beta) else coef(fit, gamma = gamma)
      case <- list(data = name, setting = setting, standardize = standardize, weighted = weighted, alpha = alpha,
                   intercept = intercept, relax = gamma, lambda = arguments$lambda)
      for (argument in c("penalty.factor", "lower.limits", "upper.limits"))
        if (!is.null(extra[[argument]])) case[[argument]] <- extra[[argument]]
      case$intercepts <- as.vector(as.matrix(coefs)[1, ])
      case$coefs <- t(as.matrix(coefs)[-1, ])
      cases[[length(cases) + 1]] <- case
    }
  }

target <- commandArgs(trailingOnly = TRUE)[1]
writeLines(json(list(glmnet = as.character(packageVersion("glmnet")), data = data, cases = cases)), target)
