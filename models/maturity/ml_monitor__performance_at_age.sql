{{ config(materialized='view', enabled=ml_monitor.any_monitors()) }}

{#- Metrics by prediction time at a fixed label age: windows of every age are compared with what each had at the same age. -#}

with

maturity as (
    select *, cast(n_labels as {{ ml_monitor.type_double() }}) as n
    from {{ ref('ml_monitor__label_maturity') }}
    where n_labels > 0
),

monitors as (
    select monitor, task from {{ ref('ml_monitor__monitors') }}
),

at_age as (
    {%- for metric, (tasks, value, defined) in {
        'label_coverage': ["'binary', 'multiclass', 'regression'", 'label_coverage', '1 = 1'],
        'prevalence': ["'binary'", 'positives / n', '1 = 1'],
        'accuracy': ["'binary', 'multiclass'", 'correct / n', '1 = 1'],
        'precision': ["'binary'", '1e0 * tp / (tp + fp)', 'tp + fp > 0'],
        'recall': ["'binary'", '1e0 * tp / (tp + fn)', 'tp + fn > 0'],
        'f1': ["'binary'", '2e0 * tp / (2 * tp + fp + fn)', 'tp + fp + fn > 0'],
        'log_loss': ["'binary'", 'sum_log_loss / n', '1 = 1'],
        'brier': ["'binary'", 'sum_squared_error / n', '1 = 1'],
        'mae': ["'regression'", 'sum_absolute_error / n', '1 = 1'],
        'rmse': ["'regression'", 'sqrt(sum_squared_error / n)', '1 = 1'],
        'bias': ["'regression'", 'sum_error / n', '1 = 1'],
    }.items() %}
    select maturity.monitor, maturity.window_start, maturity.window_end, maturity.label_age, maturity.is_newest, '{{ metric }}' as metric,
        cast({{ value }} as {{ ml_monitor.type_double() }}) as metric_value, maturity.n_labels as sample_size, maturity.label_coverage
    from maturity
    inner join monitors on monitors.monitor = maturity.monitor and monitors.task in ({{ tasks }})
    where {{ defined }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from at_age
