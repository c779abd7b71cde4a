# Pins tests/oracles/effects.json.  Rscript tests/oracles/effects.R <shared folder> > tests/oracles/effects.json
# R 4.2.2; base R, lme4 1.1-31, pbkrtest 0.5.2, clubSandwich 0.5.8; MASS::anorexia is the CSV of the shared data. Formulas are written out.
library(jsonlite); suppressMessages({library(lme4); library(pbkrtest); library(clubSandwich)})
shared <- commandArgs(TRUE)[1]
baumann <- read.csv(file.path(shared, "oracles/data/baumann.csv"))
anorexia <- read.csv(file.path(shared, "data/MASS_anorexia.csv"))

J <- function(m) exp(lgamma(m / 2) - lgamma((m - 1) / 2)) / sqrt(m / 2)
ncp <- function(t, df, tail) uniroot(function(x) pt(t, df, x) - tail, c(t - 12, t + 12), tol = 1e-11)$root
pooled <- function(a, b) sqrt(((length(a) - 1) * var(a) + (length(b) - 1) * var(b)) / (length(a) + length(b) - 2))

two_arms <- function(t_pre, t_post, c_pre, c_post) {
  n1 <- length(t_pre); n2 <- length(c_pre); df <- n1 + n2 - 2
  arm <- rep(1:0, c(n1, n2)); pre <- c(t_pre, c_pre); post <- c(t_post, c_post)
  anc <- summary(lm(post ~ arm + pre))$coefficients["arm", ]
  ci <- confint(lm(post ~ arm + pre))["arm", ]
  gain <- summary(lm(I(post - pre) ~ arm))$coefficients["arm", ]
  tt <- t.test(t_post, c_post, var.equal = TRUE)
  d <- (mean(t_post) - mean(c_post)) / pooled(t_post, c_post)
  k <- sqrt(1 / n1 + 1 / n2)
  s_pre <- pooled(t_pre, c_pre)
  cp <- 1 - 3 / (4 * df - 1)
  ppc <- cp * ((mean(t_post) - mean(t_pre)) - (mean(c_post) - mean(c_pre))) / s_pre
  rho <- ((n1 - 1) * cov(t_pre, t_post) + (n2 - 1) * cov(c_pre, c_post)) / df / (s_pre * pooled(t_post, c_post))
  kk <- 1 / n1 + 1 / n2
  list(ancova = list(b = anc[[1]], se = anc[[2]], t = anc[[3]], p = anc[[4]], ci_low = ci[[1]], ci_high = ci[[2]]),
       gain = list(b = gain[[1]], se = gain[[2]], t = gain[[3]], p = gain[[4]]),
       post = list(t = tt$statistic[[1]], p = tt$p.value, low = tt$conf.int[1], high = tt$conf.int[2]),
       g = list(g = J(df) * d, low = J(df) * k * ncp(d / k, df, .975), high = J(df) * k * ncp(d / k, df, .025)),
       g_adjusted = J(df) * anc[[1]] / pooled(t_post, c_post),
       d_ppc2 = list(d = ppc, v = 2 * cp^2 * (1 - rho) * kk * df / (df - 2) * (1 + ppc^2 / (2 * (1 - rho) * kk)) - ppc^2))
}
of <- function(data, group, arm, column) data[data[[group]] == arm, column]
pair <- function(data, group, t, c, pre, post)
  two_arms(of(data, group, t, pre), of(data, group, t, post), of(data, group, c, pre), of(data, group, c, post))

out <- list(
  baumann2 = list(
    "DRTA - Basal" = pair(baumann, "group", "DRTA", "Basal", "pretest_2", "post_test_2"),
    "Strat - Basal" = pair(baumann, "group", "Strat", "Basal", "pretest_2", "post_test_2")),
  anorexia = list(
    "CBT - Cont" = pair(anorexia, "Treat", "CBT", "Cont", "Prewt", "Postwt"),
    "FT - Cont" = pair(anorexia, "Treat", "FT", "Cont", "Prewt", "Postwt")))

# a planned contrast of three arms: (DRTA + Strat)/2 - Basal, one model with all three arms
fit <- lm(post_test_1 ~ 0 + group + pretest_1, baumann)
w <- c(Basal = -1, DRTA = .5, Strat = .5, 0)
se <- sqrt(c(w %*% vcov(fit) %*% w))
m <- tapply(baumann$post_test_1, baumann$group, mean); v <- tapply(baumann$post_test_1, baumann$group, var)
d <- sum(c(-1, .5, .5) * m) / sqrt(mean(v)); k <- sqrt(sum(c(1, .25, .25)) / 22)
out$three_arms <- list(ancova = list(b = sum(w * coef(fit)), se = se, df = fit$df.residual),
                       g = list(g = J(63) * d, low = J(63) * k * ncp(d / k, 63, .975), high = J(63) * k * ncp(d / k, 63, .025)))

# covariates of numbers and text, one of them constant
set.seed(1)
cov <- data.frame(arm = rep(0:1, c(11, 14)), pre = round(rnorm(25, 3, 1), 2), age = sample(9:12, 25, TRUE),
                  sex = sample(c("girl", "boy"), 25, TRUE), school = "one")
cov$post <- round(cov$pre * .6 + .3 * cov$arm + .1 * cov$age + rnorm(25), 2)
fit <- summary(lm(post ~ arm + pre + age + sex, cov))
out$covariates <- list(data = cov, b = fit$coefficients["arm", 1], se = fit$coefficients["arm", 2], df = fit$df[2])

# classes: means of twelve unbalanced classes, ANCOVA and gain on means
set.seed(2)
size <- c(5, 9, 14, 7, 11, 6, 12, 8, 10, 13, 4, 15)
cls <- data.frame(class = sprintf("k%02d", rep(1:12, size)), arm = rep(rep(0:1, 6), size))
cls$pre <- round(rnorm(nrow(cls), 3, 1) + rep(rnorm(12, 0, .4), size), 2)
cls$post <- round(.6 * cls$pre + .3 * cls$arm + rnorm(nrow(cls), 0, .7) + rep(rnorm(12, 0, .4), size), 2)
mean_of <- aggregate(cbind(pre, post, arm) ~ class, cls, mean)
a <- summary(lm(post ~ arm + pre, mean_of))$coefficients["arm", ]; g <- summary(lm(I(post - pre) ~ arm, mean_of))$coefficients["arm", ]
one <- t.test(mean_of$post - mean_of$pre); p <- t.test(mean_of$post[mean_of$arm == 1], mean_of$post[mean_of$arm == 0], var.equal = TRUE)
out$classes <- list(data = cls, ancova = unname(a), gain = unname(g), change = list(t = one$statistic[[1]], p = one$p.value, b = one$estimate[[1]]),
                    post = list(t = p$statistic[[1]], p = p$p.value))
fit <- lmer(post ~ arm + pre + (1 | class), cls, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12)))
kr <- KRmodcomp(fit, update(fit, . ~ . - arm))
out$classes$mixed <- list(b = fixef(fit)[["arm"]], se = sqrt(vcovAdj(fit)[2, 2]), df = kr$test["Ftest", "ddf"],
                          p = kr$test["Ftest", "p.value"])
ols <- lm(post ~ arm + pre, cls)
cr <- coef_test(ols, vcov = "CR2", cluster = cls$class, test = "Satterthwaite")["arm", ]
out$classes$cr2 <- list(b = cr$beta, se = cr$SE, df = cr$df_Satt, p = cr$p_Satt)

# three waves of 10 classes, some pupils missing: constrained baseline, and difference in change
set.seed(3)
size <- c(8, 11, 9, 12, 7, 10, 9, 13, 8, 10); n <- sum(size); k <- rep(1:10, size)
wav <- do.call(rbind, lapply(0:2, function(w) data.frame(pupil = sprintf("p%03d", 1:n), class = sprintf("k%02d", k),
  arm = k %% 2, wave = w)))
wav$y <- round(rep(rnorm(n), 3) + rep(rnorm(10, 0, .4)[k], 3) + unlist(lapply(1:3, function(w) rnorm(10, 0, .3)[k])) +
  c(0, .6, .4)[wav$wave + 1] * wav$arm + rnorm(3 * n, 0, .6), 2)
wav <- wav[runif(nrow(wav)) > .15, ]
wav$a1 <- wav$arm * (wav$wave == 1); wav$a2 <- wav$arm * (wav$wave == 2); wav$w <- factor(wav$wave)
tight <- lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12))
kr_of <- function(fit, name) { L <- matrix(as.numeric(names(fixef(fit)) == name), 1); kr <- KRmodcomp(fit, L)
  list(b = fixef(fit)[[name]], se = sqrt(as.matrix(vcovAdj(fit))[name, name]), df = kr$test["Ftest", "ddf"], p = kr$test["Ftest", "p.value"]) }
con <- lmer(y ~ 0 + w + a1 + a2 + (1 | class) + (1 | class:w) + (1 | pupil), wav, control = tight)
fre <- lmer(y ~ 0 + w + arm + a1 + a2 + (1 | class) + (1 | class:w) + (1 | pupil), wav, control = tight)
out$waves <- list(data = wav[, c("pupil", "class", "arm", "wave", "y")],
  constrained = lapply(list(post = "a1", followup = "a2"), function(x) kr_of(con, x)),
  free = lapply(list(post = "a1", followup = "a2"), function(x) kr_of(fre, x)))

# one-sided non-compliance: two-stage least squares, and a dose among the treated
set.seed(4)
dr <- data.frame(arm = rep(0:1, each = 40), pre = round(rnorm(80), 2))
dr$received <- dr$arm * (runif(80) < .65); dr$dose <- round(dr$received * runif(80, 2, 10), 1)
dr$post <- round(.5 * dr$pre + .8 * dr$received + rnorm(80, 0, .8), 2)
X <- cbind(dr$received, 1, dr$pre); Z <- cbind(dr$arm, 1, dr$pre)
XX <- Z %*% solve(crossprod(Z), crossprod(Z, X)); b <- solve(crossprod(XX), crossprod(XX, dr$post))
s2 <- sum((dr$post - X %*% b)^2) / (80 - 3); dose <- summary(lm(post ~ dose + pre, dr, subset = arm == 1))$coefficients["dose", ]
out$cace <- list(data = dr, b = b[1], se = sqrt(s2 * solve(crossprod(XX))[1, 1]), dose = unname(dose))

# reliable change of 30 couples (r = .80): formulas of Speer (1992) and Hageman & Arrindell (1999), written out
couples <- reshape(read.csv(file.path(shared, "data/jacobson_1989.csv"))[, c("subject", "time", "das")],
                   idvar = "subject", timevar = "time", direction = "wide")
pre <- couples$das.pre; post <- couples$das.post; sem <- sd(pre) * sqrt(1 - .8)
r1 <- (var(pre) - sem^2) / var(pre); r2 <- (var(post) - sem^2) / var(post); both <- 2 * sd(pre) * sd(post) * cor(pre, post)
rdd <- (var(pre) * r1 + var(post) * r2 - both) / (var(pre) + var(post) - both)
out$reliable <- list(edwards_nunnally = (post - (.8 * (pre - mean(pre)) + mean(pre))) / sem,
  hageman_arrindell = ((post - pre) * rdd + (mean(post) - mean(pre)) * (1 - rdd)) / (sqrt(rdd) * sqrt(2 * sem^2)))

# yes or no in classes: Woolf's interval of pupils by glm; CR2 of the arms' shares, the logits' difference by the delta method
set.seed(5)
size <- c(7, 12, 9, 10, 8, 11, 6, 12, 10, 9); k <- rep(1:10, size)
yn <- data.frame(class = sprintf("k%02d", k), arm = ifelse(k %% 2, "T", "C"))
yn$y <- as.numeric(runif(length(k)) < plogis(-.3 + .6 * (yn$arm == "T") + rnorm(10, 0, .6)[k]))
woolf <- summary(glm(y ~ I(arm == "T"), binomial, yn, control = glm.control(epsilon = 1e-14)))$coefficients[2, ]
fit <- lm(y ~ 0 + arm, yn); share <- coef(fit); slope <- 1 / (share * (1 - share))
lc <- linear_contrast(fit, vcovCR(fit, yn$class, "CR2"), matrix(c(-slope["armC"], slope["armT"]), 1), test = "Satterthwaite")
out$odds <- list(data = yn, log = unname(diff(qlogis(share))), woolf = unname(woolf), classes = c(lc$SE, lc$df))
cat(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE))
