{{ config(materialized='table', enabled=ml_monitor.any_multivariate() and ml_monitor.repeats_ctes()) }}

{#- CTEs of `ml_monitor__multivariate_statistics`, as a table where a warehouse would compute them once per reader. -#}

with

{{ ml_monitor.multivariate_moments() }},

{{ ml_monitor.stretched_moments() }},

{{ ml_monitor.compared_sums() }}

select compared_sums.*, versions.model_version
from compared_sums
inner join versions on versions.cell = compared_sums.cell
