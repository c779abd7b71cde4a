# Reference values for werkbank.underachievement, from R 4.2.2 with nlme (data bdf, GPL), lme4, clubSandwich, jsonlite.
# Run from the project root: Rscript tests/oracles/underachievement.R
suppressMessages({library(lme4); library(clubSandwich); library(jsonlite)})
bdf <- as.data.frame(nlme::bdf)
d <- data.frame(row = seq_len(nrow(bdf)), school = as.integer(as.character(bdf$schoolNR)), iq = bdf$IQ.verb,
                ses = bdf$ses, lang = bdf$langPOST, sex = as.character(bdf$sex))
out <- list()

# --- regression: OLS with one and two predictors, random intercept; cross-validation by refitting without each unit
press <- function(formula, folds) {
  e <- unlist(lapply(split(seq_len(nrow(d)), folds), function(i) {
    d$lang[i] - predict(lm(formula, d[-i, ]), d[i, ])
  }))
  1 - sum(e^2) / sum((d$lang - mean(d$lang))^2)
}
one <- lm(lang ~ iq, d); two <- lm(lang ~ iq + ses, d)
able <- d$iq >= quantile(d$iq, .90)
out$ols <- list(cv_school = press(lang ~ iq, d$school), cv_pupil = press(lang ~ iq, d$row),
                two = list(coef = unname(coef(two)), see = sigma(two), r2 = summary(two)$r.squared,
                           flagged = d$row[able & residuals(two) / sigma(two) <= -1]))
m <- lmer(lang ~ iq + (1 | school), d, REML = TRUE, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12)))
tau2 <- as.numeric(VarCorr(m)$school); s2 <- sigma(m)^2
fixed <- as.numeric(model.matrix(m) %*% fixef(m))
total <- sqrt(tau2 + s2)
gls <- unlist(lapply(split(seq_len(nrow(d)), d$school), function(i) {   # refit without each school, variances held
  r <- d[-i, ]; A <- matrix(0, 2, 2); b <- c(0, 0)
  for (s in split(seq_len(nrow(r)), r$school)) {
    X <- cbind(1, r$iq[s]); Vi <- solve(diag(s2, length(s)) + tau2)
    A <- A + t(X) %*% Vi %*% X; b <- b + t(X) %*% Vi %*% r$lang[s]
  }
  d$lang[i] - cbind(1, d$iq[i]) %*% solve(A, b)
}))
out$random_intercept <- list(coef = unname(fixef(m)), total_sd = total, icc = tau2 / (tau2 + s2),
  r2 = var(fixed) / (var(fixed) + tau2 + s2), cv_school = 1 - sum(gls^2) / sum((d$lang - mean(d$lang))^2),
  flagged = d$row[able & (d$lang - fixed) / total <= -1])

# --- residuals by group: mean with cluster-robust CR1 standard error
res <- residuals(one) / sigma(one)
out$by_sex <- lapply(split(d$row, d$sex), function(i) {
  f <- lm(res[i] ~ 1)
  list(n = length(i), mean = unname(coef(f)), se = sqrt(vcovCR(f, cluster = d$school[i], type = "CR1")[1, 1]),
       clusters = length(unique(d$school[i])), se_iid = sd(res[i]) / sqrt(length(i)))
})

# --- probability that the true gap passes: conditional normal of the true scores given the observed ones
z <- scale(cbind(d$iq, d$lang)); S <- cov(z); rel <- c(.90, .85); ST <- S - diag(1 - rel)
post <- function(w, k, i) {
  mu <- as.numeric(ST %*% solve(S, z[i, ])); V <- ST - ST %*% solve(S) %*% ST
  pnorm((sum(w * mu) - k) / sqrt(as.numeric(t(w) %*% V %*% w)))
}
rows <- c(57, 81, 105, 141, 1, 2000)
out$true_gap <- list(rows = rows, difference = sapply(rows, function(i) post(c(1, -1), 1, i)),
                     absolute = sapply(rows, function(i) post(c(0, -1), 0, i)))

# --- P(S >= k | X >= g), integrated over S (the package integrates over X)
grid <- expand.grid(rho = c(-.9, -.3, 0, .2, .6, .95), gate = c(-1, 0, 1.2815515655446004, 2.5), k = c(-.5, 0, 1, 2))
grid$share <- mapply(function(rho, g, k) {
  integrate(function(s) dnorm(s) * pnorm((rho * s - g) / sqrt(1 - rho^2)), k, 12, rel.tol = 1e-12, subdivisions = 2000)$value /
    pnorm(g, lower.tail = FALSE)
}, grid$rho, grid$gate, grid$k)
out$share_beyond <- grid

# --- alerts: predict.lm on irregular dates, pooled scatter, p of two correlated deviates, p.adjust
set.seed(20240611)
series <- do.call(rbind, lapply(1:12, function(p) {
  n <- sample(5:8, 1); day <- sort(sample(0:1500, n))
  data.frame(pupil = sprintf("p%02d", p), day = day, score = round(100 + p + day / 40 + rnorm(n, 0, 5), 1))
}))
series$score[series$pupil == "p03"] <- series$score[series$pupil == "p03"] - c(rep(0, sum(series$pupil == "p03") - 2), 60, 65)
alerts <- function(linear, sem) {
  parts <- split(series, series$pupil)
  form <- if (linear) score ~ t else score ~ 1
  fits <- lapply(parts, function(s) { s$t <- s$day / 365.25; list(h = lm(form, head(s, -2)), last = tail(s, 2)) })
  df <- sum(sapply(fits, function(f) f$h$df.residual)); pooled <- sqrt(sum(sapply(fits, function(f) deviance(f$h))) / df)
  sigma <- if (is.na(sem)) pooled else sem
  rows <- do.call(rbind, lapply(fits, function(f) {
    X <- model.matrix(delete.response(terms(f$h)), f$last); H <- model.matrix(f$h)
    V <- diag(2) + X %*% solve(t(H) %*% H) %*% t(X)
    zz <- (f$last$score - predict(f$h, f$last)) / (sigma * sqrt(diag(V)))
    c <- max(zz); rho <- V[1, 2] / sqrt(V[1, 1] * V[2, 2])
    both <- function(c) integrate(function(x) dnorm(x) * pnorm((c - rho * x) / sqrt(1 - rho^2)), -Inf, c, rel.tol = 1e-11)$value
    p <- if (is.na(sem)) {   # bivariate t: mixed over the distribution of the pooled SD
      integrate(function(q) sapply(q, function(q) dchisq(q, df) * both(c * sqrt(q / df))), 0, Inf, rel.tol = 1e-9)$value
    } else both(c)
    data.frame(z_before = zz[1], z_last = zz[2], predicted = predict(f$h, f$last)[2], p = p)
  }))
  c(as.list(rows), list(BH = p.adjust(rows$p, "BH"), holm = p.adjust(rows$p, "holm"), sigma = sigma, df = df))
}
slopes <- lapply(split(series, series$pupil), function(s) { s$t <- s$day / 365.25; lm(score ~ t, s) })
sdf <- sum(sapply(slopes, df.residual)); spool <- sqrt(sum(sapply(slopes, deviance)) / sdf)
out$monitoring <- list(series = series, linear = alerts(TRUE, NA), level = alerts(FALSE, NA), linear_known = alerts(TRUE, 4),
  growth = list(slope = unname(sapply(slopes, function(f) coef(f)[2])),
                se = unname(sapply(slopes, function(f) spool * sqrt(summary(f)$cov.unscaled[2, 2])))))
out$about <- paste("R", getRversion(), "lme4", packageVersion("lme4"), "clubSandwich", packageVersion("clubSandwich"))
write_json(out, "tests/oracles/underachievement.json", digits = NA, auto_unbox = TRUE, pretty = FALSE)
