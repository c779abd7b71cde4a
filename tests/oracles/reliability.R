# Reference values for tests/measurement/test_{scoring,reliability,agreement}.py.
# R 4.2.2, psych 2.2.9, lme4 1.1-31, jsonlite. Run from the project's root:
#   Rscript tests/oracles/reliability.R    writes tests/oracles/reliability.json (data and values; all data simulated)
suppressPackageStartupMessages({library(psych); library(lme4); library(jsonlite)})

# SDQ: the published rule, written as its syntax is: reverse with abs(x - 2), at most two of five missing,
# floor(0.5 + 5 * mean); total difficulties only if all four scales are there
set.seed(19970425)
n <- 400
answers <- matrix(sample(0:2, n * 25, TRUE), n)
answers[matrix(runif(n * 25) < rep(c(.02, .3), each = n / 2), n)] <- NA
q <- answers
for (item in c(7, 21, 25, 11, 14)) q[, item] <- abs(q[, item] - 2)
dims <- list(emotional = c(3, 8, 13, 16, 24), conduct = c(5, 7, 12, 18, 22), hyperactivity = c(2, 10, 15, 21, 25),
             peer = c(6, 11, 14, 19, 23), prosocial = c(1, 4, 9, 17, 20))
sdq <- lapply(dims, function(d) {
  x <- q[, d]
  gaps <- apply(x, 1, function(row) sum(is.na(row)))
  floor(0.5 + 5 * ifelse(gaps < 3, rowMeans(x, na.rm = TRUE), NA))
})
sdq$total <- sdq$emotional + sdq$conduct + sdq$hyperactivity + sdq$peer

# classes: balanced, so that REML components are those of the analysis of variance; alphas from one mixed model per
# item and one for the sum
set.seed(1980)
classes <- 24; size <- 15; k <- 4
class <- rep(seq_len(classes), each = size)
items <- sapply(1:k, function(i) rnorm(classes, sd = .2)[class]) +
  rnorm(classes, sd = .6)[class] + rnorm(classes * size) + matrix(rnorm(classes * size * k), ncol = k)
items <- round(items, 3)
parts <- function(y) {
  m <- lmer(y ~ 1 + (1 | class), REML = TRUE, control = lmerControl(optimizer = "bobyqa",
            optCtrl = list(rhoend = 1e-10, maxfun = 1e5)))
  v <- as.data.frame(VarCorr(m))$vcov
  c(between = v[1], within = v[2])
}
each <- apply(items, 2, parts); whole <- parts(rowSums(items))
alpha_of <- function(level) unname(k / (k - 1) * (1 - sum(each[level, ]) / whole[level]))
clusters <- list(class = class, items = items, alpha_within = alpha_of("within"), alpha_between = alpha_of("between"),
                 icc1 = unname(whole["between"] / sum(whole)),
                 icc_k = unname(whole["between"] / (whole["between"] + whole["within"] / size)))

# kappa of Cohen's (1968) table with the weights of werkbank (distance of places), and its standard errors
cohen <- matrix(c(88, 14, 18, 10, 40, 10, 2, 6, 12), 3, byrow = TRUE)
d <- abs(outer(1:3, 1:3, "-"))
se <- function(w) { r <- cohen.kappa(cohen, w = w); c(kappa = r$weighted.kappa, variance = r$var.weighted) }
kappas <- list(table = cohen, none = se(1 * (d == 0)), linear = se(1 - d / 2), quadratic = se(1 - d^2 / 4))

# two raters of twelve pupils
set.seed(1979)
true <- rnorm(12, 10, 3)
raters <- round(cbind(true + rnorm(12), true + 1.5 + rnorm(12)), 1)
iccs <- ICC(raters, lmer = FALSE)$results
icc2 <- list(ratings = raters, type = iccs$type, icc = iccs$ICC, F = iccs$F, p = iccs$p,
             low = iccs$`lower bound`, high = iccs$`upper bound`)

# test-retest
retest <- cor.test(raters[, 1], raters[, 2])

write_json(list(
  sdq = list(answers = answers, scores = sdq), clusters = clusters, kappa = kappas, icc_two_raters = icc2,
  retest = list(r = unname(retest$estimate), low = retest$conf.int[1], high = retest$conf.int[2])
), "tests/oracles/reliability.json", digits = NA, na = "null", matrix = "rowmajor")
