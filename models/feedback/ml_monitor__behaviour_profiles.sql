{{ config(materialized='view', enabled=ml_monitor.any_declared('behaviour')) }}

{{ ml_monitor.union_declared('behaviour', 'behaviour_profile', ml_monitor.behaviour_columns()) }}
