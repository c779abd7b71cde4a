# Pins tests/oracles/crossed.json.  Rscript tests/oracles/crossed.R > tests/oracles/crossed.json
# R 4.2.2, lme4 1.1-31, pbkrtest 0.5.2: random slopes, crossed groups, Kenward-Roger.
library(jsonlite); suppressMessages({library(lme4); library(pbkrtest)})
tight <- lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12, xtol_rel = 1e-12, ftol_rel = 1e-14, maxeval = 1e5))
kr_of <- function(fit, L) {
  k <- KRmodcomp(fit, matrix(L, 1)); b <- sum(L * fixef(fit))
  list(b = b, F = k$test["Ftest", "stat"], df = k$test["Ftest", "ddf"], p = k$test["Ftest", "p.value"])
}

# classes assigned; the slope of the score before differs per class; eight teachers rate pupils of all classes
set.seed(21)
size <- c(8, 12, 9, 11, 10, 7, 13, 9, 10, 12); k <- rep(1:10, size); n <- length(k); t <- sample(1:8, n, TRUE)
cls <- data.frame(class = sprintf("k%02d", k), teacher = sprintf("t%d", t), arm = ifelse(k %% 2, "T", "C"), pre = round(rnorm(n), 2))
cls$post <- round(.5 * (cls$arm == "T") + .6 * cls$pre + rnorm(10, 0, .5)[k] + rnorm(10, 0, .4)[k] * cls$pre +
                  rnorm(8, 0, .5)[t] + rnorm(n, 0, .7), 2)
cls$c <- cls$pre - mean(cls$pre); cls$t1 <- 1 * (cls$arm == "T"); cls$c1 <- 1 - cls$t1
both <- lmer(post ~ 0 + t1 + c1 + c + (1 + c | class) + (1 | teacher), cls, control = tight)
crossed <- lmer(post ~ 0 + t1 + c1 + c + (1 | class) + (1 | teacher), cls, control = tight)

# pupils assigned within classes: the difference itself varies between the classes
set.seed(22)
n <- 144; k <- rep(1:12, each = 12)
within <- data.frame(class = sprintf("k%02d", k), arm = rep(c("T", "C"), n / 2), pre = round(rnorm(n), 2))
within$t1 <- 1 * (within$arm == "T"); within$c1 <- 1 - within$t1
within$post <- round(.5 * within$t1 + .6 * within$pre + rnorm(12, 0, .4)[k] + rnorm(12, 0, .6)[k] * within$t1 + rnorm(n, 0, .7), 2)
within$c <- within$pre - mean(within$pre)
arm <- lmer(post ~ 0 + t1 + c1 + c + (1 + t1 | class), within, control = tight)
L <- c(1, -1, 0)
out <- list(classes = list(data = cls[, 1:5], slopes_and_crossed = kr_of(both, L), crossed = kr_of(crossed, L)),
            pupils = list(data = within[, c("class", "arm", "pre", "post")], arm = kr_of(arm, L)))
cat(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = FALSE))
