# CR2 and class-means analyses of 8 of the designs in multilevel_kr.json -> multilevel_cr2_means.json
# R 4.2.2, clubSandwich 0.5.8.  Run after multilevel_kr.R: Rscript tests/oracles/multilevel_cr2_means.R
suppressMessages({library(clubSandwich); library(jsonlite)})
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
designs <- fromJSON(file.path(here, "multilevel_kr.json"), simplifyDataFrame = FALSE)
keep <- Filter(function(d) length(d$groups) == 1 && all(c("arm", "pre", "ses") %in% names(d$X)), designs)
out <- lapply(keep[round(seq(1, length(keep), length.out = 8))], function(d) {
  data <- data.frame(y = d$data$y, class = d$data$class, arm = d$X$arm, pre = d$X$pre)
  m <- lm(y ~ arm + pre, data)
  cr2 <- coef_test(m, vcovCR(m, cluster = data$class, type = "CR2"), test = "Satterthwaite")
  means <- aggregate(cbind(y, arm, pre) ~ class, data, mean)
  student <- t.test(means$y[means$arm == 1], means$y[means$arm == 0], var.equal = TRUE)
  ancova <- summary(lm(y ~ arm + pre, means))$coefficients["arm", ]
  ci <- confint(lm(y ~ arm + pre, means))["arm", ]
  list(name = d$name, cr2 = list(b = cr2$beta, se = cr2$SE, df = cr2$df_Satt, p = cr2$p_Satt),
       student = list(b = unname(student$estimate[1] - student$estimate[2]), df = unname(student$parameter),
                      p = student$p.value, ci_low = student$conf.int[1], ci_high = student$conf.int[2]),
       ancova = list(b = ancova[[1]], se = ancova[[2]], df = nrow(means) - 3, p = ancova[[4]], ci_low = ci[[1]], ci_high = ci[[2]]))
})
write_json(out, file.path(here, "multilevel_cr2_means.json"), auto_unbox = TRUE, digits = I(13), pretty = TRUE)
