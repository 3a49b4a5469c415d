{#- Matrices as arrays of rows: a chain of CTEs, one for each step, is more than Spark analyses, while a lambda is one expression however often it is applied. -#}

{% macro spark__spectral_projection(name, matrix, key, steps) %}
    {{ ml_monitor._spark_matrices(name ~ '_given', matrix, [key, 'k']) }},

    {{ name }}_purified as (
        select {{ key }}, k, places, aggregate(sequence(1, {{ steps }}), matrix, (matrix, step) -> transform(
            array({{ ml_monitor._spark_square('matrix') }}),
            square -> case
                when {{ ml_monitor._spark_trace('matrix') }} - {{ ml_monitor._spark_trace('square') }} < 1e-13 then matrix
                when abs({{ ml_monitor._spark_trace('square') }} - k) <= abs(2 * {{ ml_monitor._spark_trace('matrix') }} - {{ ml_monitor._spark_trace('square') }} - k) then square
                else zip_with(matrix, square, (cells, squares) -> zip_with(cells, squares, (value, squared) -> 2 * value - squared))
            end
        )[0]) as matrix
        from {{ name }}_given
    ),

    {{ name }}_checked as (
        select *, abs({{ ml_monitor._spark_trace('matrix') }} - {{ ml_monitor._spark_trace(ml_monitor._spark_square('matrix')) }}) as error
        from {{ name }}_purified
    ),

    {{ name }} as (
        select {{ key }}, k, places[place_i] as i, places[place_j] as j, value, error
        from {{ name }}_checked
        {{ ml_monitor._spark_cells() }}
    )
{% endmacro %}


{% macro spark__sweep(name, matrix, key, p) %}
    {{ ml_monitor._spark_matrices(name ~ '_given', matrix, [key]) }},

    {{ name }}_swept as (
        select {{ key }}, places, aggregate(sequence(0, size(matrix) - 1), matrix, (matrix, k) -> case
            when matrix[k][k] < 1e-8 then matrix
            else transform(matrix, (cells, i) -> transform(cells, (value, j) -> case
                when i = k and j = k then -1 / matrix[k][k]
                when i = k or j = k then value / matrix[k][k]
                else value - cells[k] * matrix[k][j] / matrix[k][k]
            end))
        end) as matrix
        from {{ name }}_given
    ),

    {{ name }} as (
        select {{ key }}, places[place_i] as i, places[place_j] as j, -value as value
        from {{ name }}_swept
        {{ ml_monitor._spark_cells() }}
        where matrix[place_i][place_i] < -0.5e0 and matrix[place_j][place_j] < -0.5e0
    )
{% endmacro %}


{% macro _spark_matrices(name, matrix, keys) %}
    {{ name }} as (
        select {{ keys | join(', ') }}, transform(rows, cells -> cells.i) as places, transform(rows, cells -> transform(cells.cells, cell -> cell.value)) as matrix
        from (
            select {{ keys | join(', ') }}, array_sort(collect_list(struct(i, cells))) as rows
            from (select {{ keys | join(', ') }}, i, array_sort(collect_list(struct(j, value))) as cells from {{ matrix }} group by {{ keys | join(', ') }}, i) as rows
            group by {{ keys | join(', ') }}
        ) as collected
    )
{%- endmacro %}


{% macro _spark_square(matrix) -%}
    transform({{ matrix }}, cells -> transform({{ matrix }}, others -> aggregate(zip_with(cells, others, (value, other) -> value * other), cast(0 as double), (total, product) -> total + product)))
{%- endmacro %}


{% macro _spark_trace(matrix) -%}
    aggregate(transform({{ matrix }}, (cells, place) -> cells[place]), cast(0 as double), (total, value) -> total + value)
{%- endmacro %}


{% macro _spark_cells() -%}
    lateral view posexplode(matrix) rows as place_i, cells
        lateral view posexplode(cells) columns as place_j, value
{%- endmacro %}
