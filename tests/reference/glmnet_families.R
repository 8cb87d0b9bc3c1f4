# Writes glmnet_families.json: data made of sines, and what glmnet makes of them by generalised linear models.
#
#   Rscript tests/reference/glmnet_families.R tests/reference/glmnet_families.json
#
# The values that are kept are those of the glmnet that the file names. What they minimise, with v_i the weights over
# their sum, eta = offset + b0 + x_i' b, L for lambda and a for glmnet's alpha:
#
#   sum_i v_i f(y_i, eta_i) + L sum_j u_j (a s_j |b_j| + (1 - a)/2 s_j^2 b_j^2),   lower_j <= b_j <= upper_j
#
#   binomial     f = log(1 + exp(eta)) - y eta, for y of 0 and 1: half the deviance.
#   poisson      f = exp(eta) - y eta: half the deviance but for terms without eta.
#   multinomial  f = log(sum_k exp(eta_k)) - eta_y, for classes y of 0, 1 and 2: half the deviance. Every class has its
#                intercept and its coefficients. The penalty is the sum of those of the classes (ungrouped), or takes
#                the Euclidean norm over the classes for |b_j| (grouped), without a factor sqrt(number of classes).
#                Bounds hold for every class.
#
# No y is scaled: unlike the gaussian family, lambda and alpha mean the same for l1_ratio < 1.
#
#   u_j  penalty factors, after their mean has been made one. Infinite ones are taken for one in that mean, and their
#        coefficients are zero.
#   s_j  one, or with standardize the standard deviation with the weights v, without Bessel's correction; about the mean
#        with and without an intercept. Coefficients and bounds are those of the features as they are given.
#
# Multinomial probabilities do not change where all classes of a feature, or all intercepts, are shifted. What is kept:
# intercepts whose mean over the classes is zero, and coefficients that are shifted to the smallest penalty. So their
# median over the classes is zero (ungrouped, alpha = 1), or the shift is between median and mean (ungrouped,
# alpha < 1), or their mean is zero (grouped), as far as bounds allow. Features with u_j = 0 and without bounds, for
# which the penalty decides nothing, have mean zero.
#
# From these definitions alone, every solution kept violates the optimality conditions (of the gradient of the
# objective, as written above) by less than 1e-10, and the same X as a sparse matrix gives the same within 1e-9.

suppressMessages(library(glmnet))
glmnet.control(fdev = 0, devmax = 1, prec = 1e-14, mxit = 10000)

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

# Multiples of 1/64, which have short decimals.
exactly <- function(x) round(64 * x) / 64

make_data <- function(n, p, zeros = FALSE) {
  i <- seq_len(n)
  X <- outer(i, seq_len(p), function(i, j) sin(0.7 * i + 1.9 * j) + sin(0.013 * i * j^2 + j) + 0.5 * sin(5.3 * i))
  if (zeros) X <- X * outer(i, seq_len(p), function(i, j) sin(3.7 * i * j + 0.3 * i^2 + j) > 0.6)
  X <- sweep(X, 2, rep(c(1, 2, 0.5), length.out = p), "*")
  if (!zeros) X <- sweep(X, 2, rep(c(0, 1, -0.5), length.out = p), "+")
  X <- exactly(X)
  effects <- outer(seq_len(p), 1:3, function(j, k) sin(2.3 * j + 2 * k)) / apply(X, 2, sd)
  effects[seq_len(p) > 6, ] <- 0
  eta <- scale(X %*% effects, scale = FALSE)
  # Uniform numbers decide.
  u <- (i * 0.6180339887498949) %% 1
  odds <- exp(eta)
  shares <- t(apply(odds / rowSums(odds), 1, cumsum))
  weights <- exactly(1 + sin(2.1 * i))
  weights[5] <- 0
  list(X = X,
       y = list(binomial = as.numeric(u < plogis(eta[, 1])),
                poisson = floor(exp(0.5 + 0.4 * eta[, 2]) + u),
                multinomial = rowSums(u > shares[, 1:2])),
       weights = weights,
       offset = exactly(0.8 * sin(1.3 * i)))
}

data <- list(tall = make_data(60, 7), wide = make_data(36, 40), zeros = make_data(60, 15, zeros = TRUE))
common <- list(thresh = 1e-22, maxit = 1e6)

# Penalty factors and limits, repeated over the features, but for the zero in the factors.
factors <- c(0.5, 2, 0, 1, 1.5, Inf, 3)
later_factors <- replace(factors, 3, 0.7)
lower <- c(-Inf, -0.1, 0, -0.05, 0)
upper <- c(0.3, Inf, 0.2, 0.02, Inf, 0.5, 0)
lambdas <- list(binomial = c(0.1, 0.03, 0.01), poisson = c(0.5, 0.1, 0.03), multinomial = c(0.1, 0.03, 0.01))

settings <- list(
  plain = list(),
  weights = list(weights = TRUE),
  offset = list(offset = TRUE),
  factors = list(penalty.factor = factors),
  limits = list(lower.limits = lower, upper.limits = upper),
  standardize = list(standardize = TRUE),
  no_intercept = list(intercept = FALSE),
  everything = list(weights = TRUE, offset = TRUE, penalty.factor = factors, lower.limits = lower, upper.limits = upper,
                    standardize = TRUE),
  standardize_no_intercept = list(standardize = TRUE, intercept = FALSE, weights = TRUE)
)
# All combinations would be a large file.
halves <- list(tall = names(settings), wide = c("plain", "everything"), zeros = c("weights", "standardize"))
ones <- list(tall = names(settings), wide = c("plain", "offset", "factors", "limits", "standardize"),
             zeros = c("plain", "factors", "everything", "no_intercept"))
inexact <- c("zeros everything", "wide limits", "wide factors")

one_case <- function(name, family, grouping, setting, alpha) {
  some <- data[[name]]
  p <- ncol(some$X)
  extra <- settings[[setting]]
  # glmnet has offsets for several classes too; they are not needed here.
  if (family == "multinomial") extra$offset <- NULL
  case <- list(data = name, family = family, grouping = grouping, setting = setting, alpha = alpha,
               weighted = isTRUE(extra$weights), offset = isTRUE(extra$offset),
               standardize = isTRUE(extra$standardize), intercept = !identical(extra$intercept, FALSE),
               lambda = if (name == "wide") lambdas[[family]][1:2] else lambdas[[family]])
  arguments <- list(x = some$X, y = some$y[[family]], family = family, alpha = alpha, lambda = case$lambda,
                    standardize = case$standardize, intercept = case$intercept)
  if (family == "multinomial") arguments$type.multinomial <- grouping
  if (case$weighted) arguments$weights <- some$weights
  if (case$offset) arguments$offset <- some$offset
  for (argument in c("lower.limits", "upper.limits"))
    if (!is.null(extra[[argument]])) case[[argument]] <- arguments[[argument]] <- rep(extra[[argument]], length.out = p)
  # Where nothing but bounds holds back the classes of a feature, glmnet does not converge.
  if (grouping == "ungrouped" && !is.null(extra$lower.limits)) extra$penalty.factor[extra$penalty.factor == 0] <- 0.7
  if (!is.null(extra$penalty.factor))
    case$penalty.factor <- arguments$penalty.factor <- c(extra$penalty.factor, rep(later_factors, p))[seq_len(p)]
  fit <- do.call(glmnet, c(arguments, common))
  stopifnot(fit$jerr == 0, length(fit$lambda) == length(case$lambda))
  arguments$x <- as(some$X, "CsparseMatrix")
  again <- do.call(glmnet, c(arguments, common))
  several <- family == "multinomial"
  betas <- if (several) fit$beta else list(fit$beta)
  betas_again <- if (several) again$beta else list(again$beta)
  stopifnot(mapply(function(a, b) max(abs(a - b)), betas, betas_again) < 1e-9)
  if (several) {
    case$intercepts <- t(as.matrix(fit$a0))
    case$coefs <- lapply(seq_along(case$lambda), function(k) t(sapply(fit$beta, function(beta) beta[, k])))
  } else {
    case$intercepts <- as.vector(fit$a0)
    case$coefs <- t(as.matrix(fit$beta))
  }
  case
}

cases <- list()
for (family in c("binomial", "poisson", "multinomial"))
  for (grouping in if (family == "multinomial") c("ungrouped", "grouped") else "")
    for (name in names(data)) for (alpha in c(1, 0.5))
      for (setting in (if (alpha == 1) ones else halves)[[name]]) {
        if (family == "multinomial" && setting == "offset") next
        # Here glmnet ends, at the first lambda, where the optimality conditions are violated by 1e-4 to 4e-8.
        if (grouping == "grouped" && paste(name, setting) %in% inexact) next
        cases[[length(cases) + 1]] <- one_case(name, family, grouping, setting, alpha)
      }

target <- commandArgs(trailingOnly = TRUE)[1]
writeLines(json(list(glmnet = as.character(packageVersion("glmnet")), data = data, cases = cases)), target)
