-- Customers by the country of their newest line that has one. Countries of fewer than 10 customers share one row.
WITH customers AS (
    SELECT
        p.customer_id,
        coalesce(arg_max(l.country, (l.invoice_date, l.line_id)), 'Unspecified') AS country,
        sum(l.quantity * l.unit_price) AS profit
    FROM population AS p
    INNER JOIN invoice_lines AS l ON l.customer_id = p.customer_id
    WHERE l.invoice_date < {{ as_of }}
    GROUP BY p.customer_id
),

countries AS (
    SELECT *, CASE WHEN count(*) OVER (PARTITION BY country) >= 10 THEN country ELSE 'All others' END AS place
    FROM customers
)

SELECT
    place AS country,
    count(*) AS customers,
    count(*) / sum(count(*)) OVER () AS share,
    sum(profit) AS profit,
    CASE WHEN sum(sum(profit)) OVER () > 0 THEN sum(profit) / sum(sum(profit)) OVER () END AS share_of_profit,
    sum(profit) / count(*) AS per_head
FROM countries
GROUP BY place
ORDER BY place = 'All others', customers DESC, place
