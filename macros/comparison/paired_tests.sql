{% macro paired_tests(spec) %}
    {#- CTEs up to `paired_tests`. DeLong's test for one sample with two scores (DeLong, DeLong and Clarke-Pearson 1988): what a row adds to an AUC is
        its mid-rank among all less that among its own class; the difference of the two AUCs is a mean of differences of rows. McNemar (1947)
        for the classes; losses as paired differences. -#}
    {%- set pair = 'champion, challenger' -%}
    sizes as (
        select {{ pair }}, cast(sum(case when label = 1 then 1 else 0 end) as {{ ml_monitor.type_double() }}) as n1,
            cast(sum(case when label = 1 then 0 else 1 end) as {{ ml_monitor.type_double() }}) as n0
        from pairs
        group by {{ pair }}
    ),

    placed as (
        select pairs.*, sizes.n1, sizes.n0,
            {%- for side in ['champion', 'challenger'] %}
            {{ ml_monitor.placement(side ~ '_score') }} as {{ side }}_placement{{ ',' if not loop.last }}
            {%- endfor %}
        from pairs
        inner join sizes on sizes.champion = pairs.champion and sizes.challenger = pairs.challenger
    ),

    components as (
        select *,
            {%- for side in ['champion', 'challenger'] %}
            case when label = 1 then {{ side }}_placement / nullif(n0, 0) else 1 - {{ side }}_placement / nullif(n1, 0) end as {{ side }}_component{{ ',' if not loop.last }}
            {%- endfor %}
        from placed
    ),

    differences as (
        select components.*, challenger_component - champion_component as component_difference, challenger_loss - champion_loss as row_difference
        from components
    ),

    {{ ml_monitor.paired_differences(spec) }}
{%- endmacro %}


{% macro paired_differences(spec) %}
    {#- CTE `paired_tests`: means of differences of rows, and their errors. -#}
    {%- set pair = 'champion, challenger' -%}
    paired_tests as (
        select {{ pair }}, min(predicted_at) as first_predicted_at, max(predicted_at) as last_predicted_at, count(*) as n,
            {{ 'sum(case when label = 1 then 1 else 0 end)' if spec.task == 'binary' else 'cast(null as bigint)' }} as n_positive,
            avg(champion_loss) as champion_loss, avg(challenger_loss) as challenger_loss,
            avg(row_difference) as loss_difference, stddev_samp(row_difference) / sqrt(count(*)) as loss_error,
            {%- for name, value in {
                'champion_roc_auc': 'avg(case when label = 1 then champion_component end)',
                'challenger_roc_auc': 'avg(case when label = 1 then challenger_component end)',
                'roc_auc_difference': 'avg(case when label = 1 then component_difference end)',
                'roc_auc_error': 'sqrt(var_samp(case when label = 1 then component_difference end) / nullif(max(n1), 0) + var_samp(case when label = 0 then component_difference end) / nullif(max(n0), 0))',
            }.items() %}
            {{ value if spec.task == 'binary' else 'cast(null as ' ~ ml_monitor.type_double() ~ ')' }} as {{ name }},
            {%- endfor %}
            {%- for name, value in {'only_champion_right': 'champion_right * (1 - challenger_right)', 'only_challenger_right': 'challenger_right * (1 - champion_right)'}.items() %}
            {{ 'cast(null as bigint)' if spec.task == 'regression' else 'sum(' ~ value ~ ')' }} as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from differences
        group by {{ pair }}
    )
{%- endmacro %}


{% macro placement(score) -%}
    {#- How many of the other class score below, ties counted half. -#}
    (rank() over (partition by pairs.champion, pairs.challenger order by pairs.{{ score }}) + (count(*) over (partition by pairs.champion, pairs.challenger, pairs.{{ score }}) - 1) / 2e0)
            - (rank() over (partition by pairs.champion, pairs.challenger, pairs.label order by pairs.{{ score }}) + (count(*) over (partition by pairs.champion, pairs.challenger, pairs.label, pairs.{{ score }}) - 1) / 2e0)
{%- endmacro %}
