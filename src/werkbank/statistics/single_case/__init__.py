"""What single-case designs let one compute: phases and values in, frozen results out.

One case: `series` puts two phases against each other; `cautions` says what to warn of; `overlap` (NAP, Tau, Tau-U, Tau
after the baseline's trend), `magnitude` (log response ratio), `piecewise` (level and slope), `visual` (lines and bands)
and `older_indices` (for an appendix) describe the change. Several cases: `panel` holds them, `phase_model` and
`inference` estimate and test, `comparable` and `comparable_moments` give the g that compares with studies of groups.
Drawn assignments: `assignments` and `randomisation`. Designs: `design_standards`. Logs: `tallies`.

Reasons why a number is not given stand in `note` as plain keys (`series.NOTES` lists them all), warnings in
`cautions.Caution`; sentences are made elsewhere.
"""
