# Reference fits for tests/statistics/test_cfa.py, test_cfa_without_model.py and test_invariance.py.
# R 4.2.2, lavaan 0.6-14 (normal likelihood), jsonlite. Run from the project's root:
#   Rscript tests/oracles/cfa_models.R data     makes tests/oracles/cfa_waves.csv and cfa_waves_missing.csv (simulated)
#   Rscript tests/oracles/cfa_models.R          fits the models and writes tests/oracles/cfa_models.json
# bfi and hs1939 are read from ../shared/oracles/data.
suppressPackageStartupMessages({library(lavaan); library(jsonlite)})

simulate <- function() {
  # three waves of two factors with four items each, answered 1-5; the intercept of a2 drifts at post and follow-up
  set.seed(19390)
  n <- 300
  group <- rep(c("target", "control"), length.out = n)
  stability <- matrix(rnorm(2 * n), n) %*% chol(matrix(c(1, -.45, -.45, 1), 2))
  loading <- list(a = c(.80, .70, .75, .60), b = c(.70, .85, .65, .55))
  unique_part <- matrix(rnorm(n * 8, sd = .35), n)
  out <- data.frame(group = group)
  for (wave in c("pre", "post", "fu")) {
    w <- match(wave, c("pre", "post", "fu"))
    gain <- (w > 1) * .35 * (group == "target")
    for (f in c("a", "b")) {
      k <- match(f, c("a", "b"))
      eta <- .75 * stability[, k] + rnorm(n, sd = .6) + ifelse(f == "a", 1, -1) * gain
      for (i in 1:4) {
        drift <- ifelse(f == "a" && i == 2 && w > 1, .5, 0)
        y <- 3 + .1 * i + drift + loading[[f]][i] * eta + unique_part[, 4 * (k - 1) + i] + rnorm(n, sd = .55)
        out[[paste0(f, i, "_", wave)]] <- pmin(pmax(round(y), 1), 5)
      }
    }
  }
  gaps <- out
  items <- names(out)[-1]
  for (v in items) gaps[[v]][runif(n) < .04] <- NA                                    # skipped answers: MCAR
  low <- rowMeans(out[, grep("^a._pre$", items, value = TRUE)]) < 3                   # drop-out: MAR given pre
  lost <- runif(n) < ifelse(low, .30, .08)
  gaps[lost, grep("_post$", names(gaps))] <- NA
  gaps[lost | runif(n) < .10, grep("_fu$", names(gaps))] <- NA
  write.csv(out, "tests/oracles/cfa_waves.csv", row.names = FALSE, quote = FALSE, na = "")
  write.csv(gaps, "tests/oracles/cfa_waves_missing.csv", row.names = FALSE, quote = FALSE, na = "")
}

if (identical(commandArgs(TRUE), "data")) { simulate(); quit() }

# -- models -----------------------------------------------------------------------------------------------------------

longitudinal <- function(factors, waves, equal = c(), free = list(), groups = 1) {
  # one factor per wave, correlated; residuals of the same item covary over waves; first wave mean 0, variance 1
  lab <- function(name, shared, g, w) if (shared) name else paste0(name, "_", g, w)
  each <- function(f) paste0("c(", paste(sapply(seq_len(groups), f), collapse = ","), ")")
  lines <- c()
  for (w in seq_along(waves)) for (f in names(factors)) {
    fw <- paste0(f, "_", waves[w])
    for (item in factors[[f]]) {
      v <- paste0(item, "_", waves[w])
      l <- each(function(g) lab(paste0("L", item), "loadings" %in% equal && !(item %in% free$loadings), g, w))
      n <- each(function(g) lab(paste0("N", item), "intercepts" %in% equal && !(item %in% free$intercepts), g, w))
      t <- each(function(g) lab(paste0("T", item), "residuals" %in% equal && !(item %in% free$residuals), g, w))
      start <- if (item == factors[[f]][1]) paste0(" + start(", each(function(g) ".7"), ")*", v) else ""
      lines <- c(lines, paste0(fw, " =~ ", if (item == factors[[f]][1]) paste0(each(function(g) "NA"), "*", v, " + "),
                               l, "*", v, start), paste0(v, " ~ ", n, "*1"), paste0(v, " ~~ ", t, "*", v))
    }
    one <- function(freed, value) each(function(g) if (freed && (w > 1 || g > 1)) "NA" else value)
    lines <- c(lines, paste0(fw, " ~~ ", one("loadings" %in% equal, "1"), "*", fw),
               paste0(fw, " ~ ", one("intercepts" %in% equal, "0"), "*1"))
  }
  for (f in names(factors)) for (item in factors[[f]]) if (length(waves) > 1) {
    pairs <- combn(waves, 2)
    lines <- c(lines, paste0(item, "_", pairs[1, ], " ~~ ", item, "_", pairs[2, ]))
  }
  paste(lines, collapse = "\n")
}

keep <- c("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "srmr", "logl", "npar",
          "aic", "bic", "baseline.chisq", "baseline.df")
out <- list()
pin <- function(name, model, data, ...) {
  warned <- c()
  fit <- withCallingHandlers(
    tryCatch(cfa(model, data = data, em.h1.iter.max = 20000, em.h1.tol = 1e-12, ...),
             error = function(e) { warned <<- c(warned, conditionMessage(e)); NULL }),
    warning = function(w) { warned <<- c(warned, trimws(conditionMessage(w))); invokeRestart("muffleWarning") })
  warned <- gsub("\\s+", " ", warned)
  if (is.null(fit) || !lavInspect(fit, "converged")) {
    cat(name, "DID NOT CONVERGE IN LAVAAN\n")
    out[[name]] <<- list(converged = FALSE, warnings = as.list(warned))
    return(invisible(NULL))
  }
  m <- as.list(fitMeasures(fit, keep))
  out[[name]] <<- list(converged = TRUE, admissible = suppressWarnings(lavInspect(fit, "post.check")),
                       fit = m, warnings = as.list(warned),
                       par = parameterEstimates(fit)[, intersect(c("lhs", "op", "rhs", "group", "est", "se"),
                                                                 names(parameterEstimates(fit)))])
  cat(sprintf("%-45s chi2 %.4f df %d cfi %.5f %s\n", name, m$chisq, m$df, m$cfi, paste(warned, collapse = " | ")))
  invisible(fit)
}

levels <- list(configural = c(), metric = "loadings", scalar = c("loadings", "intercepts"),
               strict = c("loadings", "intercepts", "residuals"))
ladder <- function(name, factors, waves, data, group = NULL, ...) {
  for (level in names(levels)) {
    model <- longitudinal(factors, waves, levels[[level]], groups = if (is.null(group)) 1 else 2)
    pin(paste0(name, "/", level), model, data, group = group, meanstructure = TRUE, ...)
  }
}

whole <- read.csv("tests/oracles/cfa_waves.csv")
gaps <- read.csv("tests/oracles/cfa_waves_missing.csv")
a <- list(a = paste0("a", 1:4)); b <- list(b = paste0("b", 1:4)); ab <- c(a, b)
waves <- c("pre", "post", "fu")

ladder("waves2/a", a, waves[1:2], whole)
ladder("waves2_fiml/a", a, waves[1:2], gaps, missing = "fiml")
ladder("waves3/b", b, waves, whole)
ladder("waves3_fiml/a", a, waves, gaps, missing = "fiml")
ladder("waves2_fiml/ab", ab, waves[1:2], gaps, missing = "fiml")
ladder("waves3_fiml/ab", ab, waves, gaps, missing = "fiml")
ladder("waves2/three_items", list(b = paste0("b", 1:3)), waves[1:2], whole)
ladder("waves2/two_items", list(b = paste0("b", 1:2)), waves[1:2], whole)
ladder("waves2_groups_fiml/a", a, waves[1:2], gaps, group = "group", missing = "fiml")
pin("waves3_fiml/a/partial_scalar_a2",
    longitudinal(a, waves, levels$scalar, list(intercepts = "a2")), gaps, meanstructure = TRUE, missing = "fiml")
pin("waves2/a/partial_strict_a1_a2",
    longitudinal(a, waves[1:2], levels$strict, list(loadings = "a1", intercepts = c("a1", "a2"), residuals = c("a1", "a2"))),
    whole, meanstructure = TRUE)

# score tests for releasing equal intercepts over two waves (lavTestScore uses the fit's information matrix)
scalar <- cfa(longitudinal(a, waves[1:2], levels$scalar), whole, meanstructure = TRUE)
tests <- lavTestScore(scalar)$uni
labels <- parTable(scalar)
for (i in seq_len(nrow(tests))) {
  plabel <- tests$lhs[i]
  row <- labels[labels$plabel == plabel, ]
  out[["waves2/a/score_tests"]][[row$label]] <- list(x2 = tests$X2[i], df = tests$df[i], p = tests$p.value[i])
}

# bfi
bfi <- read.csv("../shared/oracles/data/bfi.csv")
for (v in c("A1", "C4", "C5", "E1", "E2", "O2", "O5")) bfi[[v]] <- 7 - bfi[[v]]
for (s in c("A", "C", "E", "N", "O")) {
  items <- paste0(s, 1:5)
  rel <- paste0("omega := (", paste0("l", 1:5, collapse = "+"), ")^2 / ((", paste0("l", 1:5, collapse = "+"), ")^2 + ",
                paste0("t", 1:5, collapse = "+"), ")")
  model <- paste(c(paste("f =~", paste0("l", 1:5, "*", items, collapse = " + ")),
                   paste0(items, " ~~ t", 1:5, "*", items), rel), collapse = "\n")
  pin(paste0("bfi/", s, "/ml"), model, bfi, std.lv = TRUE)
  pin(paste0("bfi/", s, "/fiml"), model, bfi[rowSums(!is.na(bfi[, items])) > 0, ], std.lv = TRUE, missing = "fiml")
}
plain <- function(s) paste("f =~", paste0(s, 1:5, collapse = " + "))
equal <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"),
              strict = c("loadings", "intercepts", "residuals"))
for (level in names(equal)) {
  pin(paste0("bfi_gender/A/", level), plain("A"), bfi, group = "gender", group.equal = equal[[level]])
  pin(paste0("bfi_gender_fiml/N/", level), plain("N"), bfi, group = "gender", group.equal = equal[[level]], missing = "fiml")
}
pin("bfi_gender/A/partial_scalar_A1_A4", plain("A"), bfi, group = "gender", group.equal = equal$scalar,
    group.partial = c("A1~1", "A4~1"))
five <- paste(sapply(c("A", "C", "E", "N", "O"), function(s) paste0(s, "f =~ ", paste0(s, 1:5, collapse = " + "))), collapse = "\n")
pin("bfi_five_factors/ml", five, bfi)
pin("bfi_five_factors/fiml", five, bfi, missing = "fiml")

# awkward ones
hs <- read.csv("../shared/oracles/data/hs1939.csv")
pin("hs1939/three_items", "f =~ x1 + x2 + x3", hs)
small <- hs[hs$school == "Pasteur", ][1:25, ]
pin("hs1939_first25/heywood", "f =~ x1 + x2 + x3 + x7 + x8", small)
pin("hs1939_first25/three_factors", "v =~ x1 + x2 + x3\nt =~ x4 + x5 + x6\ns =~ x7 + x8 + x9", small)
pin("hs1939_first12/two_factors", "v =~ x1 + x2 + x3\ns =~ x7 + x8 + x9", small[1:12, ])

writeLines(toJSON(list(source = paste0("R ", getRversion(), ", lavaan ", packageVersion("lavaan"),
                                       "; tests/oracles/cfa_models.R"), models = out),
                  auto_unbox = TRUE, digits = 15, na = "null", pretty = FALSE, dataframe = "values"),
           "tests/oracles/cfa_models.json")
