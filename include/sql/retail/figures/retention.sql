-- Of the customers whose first purchase was in a month, how many bought in each calendar month since. Month 0 is the
-- month of the first purchase. Months that have not ended at as_of are left out.
WITH bought AS (
    SELECT DISTINCT p.customer_id, date_trunc('month', l.invoice_date) AS month
    FROM population AS p
    INNER JOIN invoice_lines AS l ON l.customer_id = p.customer_id
    WHERE l.quantity > 0
        AND l.unit_price >= 0
        AND NOT starts_with(l.invoice_no, 'C')
        AND l.invoice_date < date_trunc('month', {{ as_of }})
),

cohorts AS (
    SELECT customer_id, min(month) AS cohort FROM bought GROUP BY customer_id
),

sizes AS (
    SELECT cohort, count(*) AS customers FROM cohorts GROUP BY cohort
),

-- Including months without purchases.
ended AS (
    SELECT unnest(generate_series(min(month), date_trunc('month', {{ as_of }}) - INTERVAL 1 MONTH, INTERVAL 1 MONTH))
        AS month
    FROM bought
),

months AS (
    SELECT s.cohort, s.customers, m.month, date_diff('month', s.cohort, m.month) AS months_since
    FROM sizes AS s
    INNER JOIN ended AS m ON m.month >= s.cohort
)

SELECT
    strftime(m.cohort, '%Y-%m') AS cohort,
    m.months_since AS month,
    count(b.customer_id) AS customers,
    count(b.customer_id) / m.customers AS share
FROM months AS m
INNER JOIN cohorts AS c ON c.cohort = m.cohort
LEFT JOIN bought AS b ON b.customer_id = c.customer_id AND b.month = m.month
GROUP BY m.cohort, m.months_since, m.customers
ORDER BY m.cohort, m.months_since
