# Pins tests/oracles/repeated.json.  Rscript tests/oracles/repeated.R <shared folder> > tests/oracles/repeated.json
# R 4.2.2; base R (mauchly.test; anova.mlm, test = "Spherical": Greenhouse-Geisser, Huynh-Feldt with Lecoutre's correction); clubSandwich 0.5.8.
library(jsonlite); suppressMessages(library(clubSandwich))
shared <- commandArgs(TRUE)[1]

spherical <- function(Y, fit, row, weights = rep(1, ncol(Y))) {
  a <- anova(fit, X = ~1, test = "Spherical")
  e <- stats:::sphericity(SSD(fit), X = ~1)
  # with X = ~1 one term of R's p has the number of waves where the number of contrasts belongs (3 * p for 3 * pp)
  on_contrasts <- lm(Y %*% apply(contr.helmert(ncol(Y)), 2, function(x) x / sqrt(sum(x^2))) ~ model.matrix(fit) - 1)
  list(F = a[row, "F"], df1 = a[row, "num Df"], df2 = a[row, "den Df"], p = a[row, "Pr(>F)"],
       W = unname(mauchly.test(fit, X = ~1)$statistic), p_W = mauchly.test(on_contrasts)$p.value,
       gg = e$GG.eps, p_gg = a[row, "G-G Pr"], hf = min(1, e$HF.eps), p_hf = a[row, "H-F Pr"])
}

# O'Brien & Kaiser's contrived data, means over hours: 16 pupils in three unequal groups, three waves
obk <- read.csv(file.path(shared, "data/afex_obk_long.csv"))
wide <- reshape(aggregate(value ~ id + treatment + phase, obk, mean), idvar = c("id", "treatment"), timevar = "phase", direction = "wide")
Y <- as.matrix(wide[, c("value.pre", "value.post", "value.fup")])
obk_out <- list(data = data.frame(arm = wide$treatment, pre = Y[, 1], post = Y[, 2], followup = Y[, 3]),
                interaction = spherical(Y, lm(Y ~ treatment, wide), 2))

# four waves of two equal arms, far from spherical: both effects
set.seed(11)
n <- 30; arm <- rep(c("T", "C"), each = n / 2)
L <- chol(matrix(c(1, .8, .3, .1, .8, 1.2, .5, .2, .3, .5, 2, 1.4, .1, .2, 1.4, 2.5), 4))
Z <- round(matrix(rnorm(n * 4), n) %*% L + outer(arm == "T", c(0, .5, .7, .4)), 3)
fit <- lm(Z ~ arm)
four <- list(data = data.frame(arm = arm, pre = Z[, 1], post = Z[, 2], followup = Z[, 3], followup2 = Z[, 4]),
             wave = spherical(Z, fit, 1), interaction = spherical(Z, fit, 2))

# regressions of a follow-up on post-test and pre-test within arms: pupils, and classes with CR2
set.seed(12)
size <- c(7, 9, 6, 11, 8, 10, 9, 7, 12, 8); k <- rep(1:10, size); m <- sum(size)
lag <- data.frame(class = sprintf("k%02d", k), arm = ifelse(k %% 2, "T", "C"), pre = round(rnorm(m) + rnorm(10, 0, .3)[k], 2))
lag$post <- round(.6 * lag$pre + .3 * (lag$arm == "T") + rnorm(m, 0, .7) + rnorm(10, 0, .3)[k], 2)
lag$followup <- round(.5 * lag$post + .2 * lag$pre + rnorm(m, 0, .7) + rnorm(10, 0, .3)[k], 2)
fit <- lm(followup ~ 0 + arm + post + pre, lag)
cr <- coef_test(fit, vcov = "CR2", cluster = lag$class, test = "Satterthwaite")
one <- function(name) list(pupils = unname(summary(fit)$coefficients[name, ]),
                           classes = with(cr[name, ], c(beta, SE, df_Satt, p_Satt)))
out <- list(obk = obk_out, four = four, lagged = list(data = lag, post = one("post"), pre = one("pre")))
cat(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE))
