{#- Of each class against all others how far predictions and labels agree, beyond chance too. -#}

{% macro class_agreements() %}
    {#- CTEs up to `class_agreements`, of many classes alone. Of two by two the delta method has closed forms: of kappa Fleiss, Cohen and Everitt (1969), of
        the correlation Bishop, Fienberg and Holland (1975). -#}
    {%- set wrong_kappa = '(1 - cohen_kappa)' -%}
    {%- set kappa_noise = '(right_share * power(1 - (predicted_share + actual_share) * ' ~ wrong_kappa ~ ', 2)'
        ~ ' + (1 - predicted_share - actual_share + right_share) * power(1 - (2 - predicted_share - actual_share) * ' ~ wrong_kappa ~ ', 2)'
        ~ ' + power(' ~ wrong_kappa ~ ', 2) * ((predicted_share - right_share) * power(1 - predicted_share + actual_share, 2)'
        ~ ' + (actual_share - right_share) * power(1 + predicted_share - actual_share, 2))'
        ~ ' - power(cohen_kappa - chance * ' ~ wrong_kappa ~ ', 2))' -%}
    {%- set mcc_noise = '(1 - mcc * mcc + (mcc + power(mcc, 3) / 2) * (2 * predicted_share - 1) * (2 * actual_share - 1) / sqrt(predicted_spread * actual_spread)'
        ~ ' - 0.75e0 * mcc * mcc * (power(2 * predicted_share - 1, 2) / predicted_spread + power(2 * actual_share - 1, 2) / actual_spread))' -%}
    class_shares as (
        select shares.*,
            predicted_share * (1 - predicted_share) as predicted_spread,
            actual_share * (1 - actual_share) as actual_spread,
            predicted_share * actual_share + (1 - predicted_share) * (1 - actual_share) as chance
        from (
            select class_scores.*,
                {%- for share, n in {'predicted': 'n_predicted', 'actual': 'n_actual', 'right': 'n_both'}.items() %}
                {{ n }} / (n_actual + coalesce(n_others, 0)) as {{ share }}_share,
                {%- endfor %}
                n_actual + coalesce(n_others, 0) as n_rows
            from class_scores
            where task = 'multiclass'
        ) as shares
    ),

    class_agreement_values as (
        select class_shares.*,
            case when n_actual > 0 then (class_recall + class_specificity) / 2 end as balanced_accuracy,
            case when chance < 1 then (1 - predicted_share - actual_share + 2 * right_share - chance) / (1 - chance) end as cohen_kappa,
            case when predicted_spread > 0 and actual_spread > 0 then (right_share - predicted_share * actual_share) / sqrt(predicted_spread * actual_spread) end as mcc
        from class_shares
    ),

    class_agreements as (
        select agreement.*,
            sqrt(class_recall * (1 - class_recall) / nullif(n_actual, 0) + class_specificity * (1 - class_specificity) / n_others) / 2 as balanced_accuracy_error,
            case when cohen_kappa is not null then sqrt({{ ml_monitor.non_negative(kappa_noise) }} / n_rows) / (1 - chance) end as cohen_kappa_error,
            case when mcc is not null then sqrt({{ ml_monitor.non_negative(mcc_noise) }} / n_rows) end as mcc_error
        from class_agreement_values as agreement
    )
{%- endmacro %}


{% macro class_agreement_averages() %}
    {#- Means over the classes that were predicted or happened: 0, as no agreement is, where one of the two is missing. Their error is at most the mean of the errors. -#}
    class_agreement_averages as (
        select cell, window_number, span
            {%- for column in ['mcc', 'mcc_error', 'cohen_kappa', 'cohen_kappa_error'] %},
            avg(coalesce({{ column }}, 0)) as macro_{{ column }},
            sum(n_actual * coalesce({{ column }}, 0)) / sum(n_actual) as weighted_{{ column }}
            {%- endfor %}
        from class_agreements
        group by cell, window_number, span
    )
{%- endmacro %}
