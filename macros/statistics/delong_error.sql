{% macro delong_error() %}
    {#- Standard error of a ROC AUC (DeLong, DeLong and Clarke-Pearson 1988): the variances of the placements of positives among negatives and
        the reverse. Needs columns `roc_auc`, `all_positives`, `all_negatives` and the sums of squared placements, as counts. -#}
    {%- set non_negative = ml_monitor.non_negative -%}
    case when all_positives > 1 and all_negatives > 1 then
                sqrt(
                    {{ non_negative('(sum_squared_positive_placements / (all_negatives * all_negatives) - all_positives * roc_auc * roc_auc)') }} / (all_positives - 1) / all_positives
                    + {{ non_negative('(sum_squared_negative_placements / (all_positives * all_positives) - all_negatives * roc_auc * roc_auc)') }} / (all_negatives - 1) / all_negatives
                )
            end
{%- endmacro %}
