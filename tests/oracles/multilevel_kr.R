# Generates 72 designs and what lme4, lmerTest and pbkrtest make of them -> multilevel_kr.json
# R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, pbkrtest 0.5.2.  Run: Rscript tests/oracles/multilevel_kr.R
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(jsonlite)})
set.seed(20240911)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
ctrl <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE, check.conv.singular = "ignore",
                    optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-13, xtol_rel = 0, ftol_rel = 0, maxeval = 20000))

sizes_of <- function(k, kind) switch(kind,
  balanced = rep(8, k), unbalanced = sample(4:16, k, replace = TRUE),
  extreme = c(1, 2, sample(3:12, k - 3, replace = TRUE), 24))

two_level <- function(k, kind, icc) {
  n <- sizes_of(k, kind); class <- rep(seq_len(k), n); arm <- as.numeric(sample(seq_len(k)) %% 2 == 0)[class]
  pre <- round(rnorm(length(class)), 2); ses <- round(rnorm(k), 2)[class]
  y <- 3 + .3 * arm + .5 * pre + rnorm(k, 0, sqrt(icc))[class] + rnorm(length(class), 0, sqrt(1 - icc))
  list(data = data.frame(y = round(y, 3), class, arm, pre, ses), groups = "class", random = "(1|class)")
}
three_level <- function(schools, kind, v) {
  k <- sample(2:4, schools, replace = TRUE); school_of <- rep(seq_len(schools), k)
  n <- sizes_of(length(school_of), kind); class <- rep(seq_along(school_of), n); school <- school_of[class]
  arm <- as.numeric(sample(seq_len(schools)) %% 2 == 0)[school]
  pre <- round(rnorm(length(class)), 2); ses <- round(rnorm(length(school_of)), 2)[class]
  y <- 3 + .3 * arm + .5 * pre + rnorm(schools, 0, sqrt(v[1]))[school] + rnorm(length(school_of), 0, sqrt(v[2]))[class] +
    rnorm(length(class))
  list(data = data.frame(y = round(y, 3), school, class, arm, pre, ses), groups = c("school", "class"),
       random = "(1|school)+(1|class)")
}
repeated <- function(k, waves, kind, v, pupils) {     # v: class, class by wave, pupil
  n <- if (kind == "balanced") rep(6, k) else sample(4:9, k, replace = TRUE)
  class_of <- rep(seq_len(k), n); pupil <- rep(seq_along(class_of), each = waves); class <- class_of[pupil]
  wave <- rep(seq_len(waves), length(class_of)) - 1; cw <- class * 10 + wave
  keep <- if (kind == "balanced") rep(TRUE, length(pupil)) else runif(length(pupil)) > .15
  arm <- as.numeric(sample(seq_len(k)) %% 2 == 0)[class]
  f <- factor(cw); u <- rnorm(nlevels(f), 0, sqrt(v[2]))[as.integer(f)]
  y <- 3 + .2 * wave + .3 * arm * wave + rnorm(k, 0, sqrt(v[1]))[class] + u +
    rnorm(max(pupil), 0, sqrt(v[3]))[pupil] + rnorm(length(pupil), 0, .6)
  d <- data.frame(y = round(y, 3), class, cw, pupil, wave, arm)[keep, ]
  if (pupils) list(data = d, groups = c("class", "pupil"), random = "(1|class)+(1|cw)+(1|pupil)", waves_of = "class")
  else list(data = d, groups = c("class", "cw"), random = "(1|class)+(1|cw)")
}

evaluate <- function(design, name, fixed, joint) {
  m <- lmer(as.formula(paste("y ~", fixed, "+", design$random)), design$data, REML = TRUE, control = ctrl)
  X <- getME(m, "X"); p <- ncol(X); colnames(X)[1] <- "Intercept"
  va <- as.matrix(vcovAdj(m)); L <- diag(p)
  one <- lapply(seq_len(p), function(j) {
    s <- contest1D(m, L[j, ], ddf = "Satterthwaite")
    list(b = fixef(m)[[j]], se = sqrt(vcov(m)[j, j]), df_satterthwaite = s$df, p_satterthwaite = s[["Pr(>|t|)"]],
         se_kr = sqrt(va[j, j]), df_kr = get_Lb_ddf(m, L[j, ]))
  })
  rows <- match(joint, colnames(X)); Lj <- L[rows, , drop = FALSE]
  kr <- KRmodcomp(m, Lj)$test; sa <- contestMD(m, Lj, ddf = "Satterthwaite")
  vc <- as.data.frame(VarCorr(m)); v <- setNames(as.list(vc$vcov), vc$grp)
  data <- as.list(design$data[c("y", unique(c(design$groups, if (!is.null(design$waves_of)) c("cw", "wave"))))])
  list(name = name, groups = I(design$groups), waves_of = I(as.character(design$waves_of)), data = data,
       X = setNames(lapply(seq_len(p), function(j) unname(X[, j])), colnames(X)), variances = v,
       logLik = as.numeric(logLik(m)), singular = isSingular(m, tol = 1e-5), fixed = setNames(one, colnames(X)),
       joint = list(columns = I(joint), F_kr = kr["Ftest", "stat"], df_kr = kr["Ftest", "ddf"],
                    scaling = kr["Ftest", "F.scaling"], p_kr = kr["Ftest", "p.value"], F_satterthwaite = sa[["F value"]],
                    df_satterthwaite = sa$DenDF))
}

out <- list()
for (k in c(4, 5, 6, 8, 12)) for (kind in c("balanced", "unbalanced", "extreme")) for (icc in c(0, .1, .25)) {
  if (k == 4 && kind == "extreme") next
  d <- two_level(k, kind, icc); both <- k > 4
  out[[length(out) + 1]] <- evaluate(d, sprintf("two level, %d classes, %s, icc %.2f", k, kind, icc),
    if (both) "arm + pre + ses" else "arm * pre", if (both) c("arm", "ses") else c("pre", "arm:pre"))
}
for (schools in c(4, 6, 10)) for (kind in c("balanced", "unbalanced")) for (v in list(c(.1, .1), c(0, .2))) {
  out[[length(out) + 1]] <- evaluate(three_level(schools, kind, v),
    sprintf("three level, %d schools, %s, %.1f/%.1f", schools, kind, v[1], v[2]), "arm + pre + ses", c("pre", "ses"))
}
for (k in c(4, 6, 8)) for (kind in c("balanced", "unbalanced")) for (pupils in c(FALSE, TRUE)) {
  v <- if (k == 6) c(.1, 0, .4) else c(.1, .15, .4)
  out[[length(out) + 1]] <- evaluate(repeated(k, if (k == 8) 3 else 2, kind, v, pupils),
    sprintf("%d classes by wave, %s, %s", k, kind, if (pupils) "pupils" else "no pupils"), "arm * factor(wave)",
    c("arm", if (k == 8) c("arm:factor(wave)1", "arm:factor(wave)2") else "arm:factor(wave)1"))
}
for (k in c(5, 9)) for (icc in c(.05, .5, .9)) {
  d <- two_level(k, "unbalanced", icc)
  out[[length(out) + 1]] <- evaluate(d, sprintf("two level with interaction, %d classes, icc %.2f", k, icc),
    "arm * pre", c("arm", "pre", "arm:pre"))
}
cat(length(out), "designs,", sum(sapply(out, `[[`, "singular")), "singular\n")
write_json(out, file.path(here, "multilevel_kr.json"), auto_unbox = TRUE, digits = I(13))
