"""Which question each method of `effects` answers, and in what its number is expressed: two columns of an Estimate."""

from __future__ import annotations

# kind -> its methods. A method that may be a question's one headline test stands under what it is when it is not
KINDS = {
    "size": (
        "d_z", "d_av", "d_rm", "smcr", "smcc", "smcr_unit_means", "g_adjusted", "g_hc2",
        "g_adjusted_unit_means", "g_cr2", "hedges_g", "g_unit_means", "d_ppc2", "d_ppc2_unit_means",
        "d_total_conditional", "d_total_unconditional", "d_within_conditional", "d_within_unconditional",
        "d_total_one_arm_conditional", "d_total_one_arm_unconditional", "odds_ratio", "d_odds_ratio",
        "mean_ratio", "odds_ratio_means", "ratio_glm", "improvement_index",
    ),
    "check": (
        "hc2", "hc2_post", "unit_means_within", "unit_means_between", "unit_means_post", "block_differences",
        "fixed_blocks", "sites_fixed", "role_means", "sites_fixed_pooled", "sites_mixed", "unit_means_pupils",
        "one_left_out_lowest", "one_left_out_highest",
        "mean_change", "change_unit_means", "ancova", "ancova_covariates", "ancova_unit_means", "post_difference",
        "post_difference_unit_means", "gain_difference", "gain_difference_unit_means", "mixed_kr",
        "cr2", "cr2_groups", "randomisation_test", "randomisation_smallest_p",
        "g_bootstrap", "multiple_imputation", "delta_tipping_point",
    ),
    "equivalence": ("tost",),
    "evidence": ("bayes_factor_log", "bayes_factor_jzs"),
    "sites": ("sites_like_these", "sites_one_stage", "sites_heterogeneity"),
    "role": ("role_pairs",),
    "arms": ("omnibus", "adjusted_mean", "pooled_contrast", "pairwise"),
    "context": ("contextual_effect",),
    "moderation": (
        "moderation", "moderation_kr", "moderation_low", "moderation_mean", "moderation_high", "moderation_at_low",
        "moderation_at_mean", "moderation_at_high", "moderation_region_low", "moderation_region_high",
    ),
    "mediation": ("mediation",),
    "dose": ("dose_response",),
    "cace": ("take_up", "first_stage", "cace"),
    "lagged": ("lagged_previous", "lagged_earlier", "lagged_cross", "lagged_cross_back"),
    "waves": ("waves_model", "maintenance_ratio"),
    "repeated": (
        "rm_mauchly", "rm_wave", "rm_wave_gg", "rm_wave_hf", "rm_interaction", "rm_interaction_gg",
        "rm_interaction_hf",
    ),
    "correction": ("p_holm", "p_bh", "p_bh_interaction", "p_holm_pairs", "association_p_holm", "association_p_bh"),
    # questions without a programme
    "association": (
        "association_within", "association_between", "association_overall", "association_within_sd",
        "association_between_sd", "association_overall_sd", "association_cr2_within", "association_cr2_between",
        "association_context",
    ),
    "association_further": (
        "association_product_within", "association_product_cross", "association_product_between",
        "association_product_overall", "association_square_within", "association_square_between",
        "association_square_overall", "association_slope_at",
    ),
}  # fmt: skip
KIND = {method: kind for kind, methods in KINDS.items() for method in methods}

METRICS = {
    "points": (
        "hc2", "hc2_post", "unit_means_within", "unit_means_between", "unit_means_post", "block_differences",
        "fixed_blocks", "sites_fixed", "role_means", "sites_fixed_pooled", "unit_means_pupils", "sites_like_these",
        "sites_mixed", "sites_one_stage", "one_left_out_lowest", "one_left_out_highest",
        "sites_heterogeneity", "role_pairs", "adjusted_mean", "pooled_contrast", "pairwise", "mean_change",
        "change_unit_means", "ancova", "ancova_covariates", "ancova_unit_means", "post_difference",
        "post_difference_unit_means", "gain_difference", "gain_difference_unit_means", "mixed_kr", "cr2",
        "cr2_groups", "contextual_effect", "multiple_imputation", "waves_model", "moderation", "moderation_kr",
        "moderation_low", "moderation_mean", "moderation_high", "mediation", "dose_response", "cace",
        "association_within", "association_between", "association_overall", "association_cr2_within",
        "association_cr2_between", "association_context", "association_product_within",
        "association_product_cross", "association_product_between", "association_product_overall",
        "association_square_within", "association_square_between", "association_square_overall",
        "association_slope_at",
    ),
    "moderator": (
        "moderation_at_low", "moderation_at_mean", "moderation_at_high", "moderation_region_low",
        "moderation_region_high",
    ),
    "percentiles": ("improvement_index",),
    "ratio": ("odds_ratio", "mean_ratio", "odds_ratio_means", "ratio_glm", "bayes_factor_jzs"),
    "kept": ("maintenance_ratio",),
    "share": ("rm_wave", "rm_interaction", "take_up", "first_stage"),
    "log_ratio": ("bayes_factor_log",),
    "p": (
        "p_holm", "p_bh", "p_bh_interaction", "p_holm_pairs", "randomisation_smallest_p", "association_p_holm",
        "association_p_bh",
    ),
}  # fmt: skip
# their interval is no t interval on the scale of their number, and they are given the study's level
GIVEN_THE_LEVEL = (
    "improvement_index", "mean_ratio", "odds_ratio", "d_odds_ratio", "odds_ratio_means", "ratio_glm",
    "maintenance_ratio", "mediation", "g_bootstrap", "hedges_g", "d_ppc2", "d_z", "d_av", "d_rm", "smcr", "smcc",
    "d_total_conditional", "d_total_unconditional", "d_within_conditional", "d_within_unconditional",
    "d_total_one_arm_conditional", "d_total_one_arm_unconditional",
)  # fmt: skip
METRIC = {method: metric for metric, methods in METRICS.items() for method in methods}


def metric_of(method: str, standardiser: str) -> str:
    """Return in what a number is expressed: as its method says, in SDs where it has a standardiser, or ""."""
    return METRIC.get(method) or ("sd" if standardiser else "")
