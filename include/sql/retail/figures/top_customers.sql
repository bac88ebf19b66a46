-- The twenty customers with the highest net sales (purchases less returns), and their share of the total.
WITH customers AS (
    SELECT
        p.customer_id,
        sum(l.quantity * l.unit_price) AS profit,
        count(DISTINCT l.invoice_no) FILTER (
            WHERE l.quantity > 0 AND l.unit_price >= 0 AND NOT starts_with(l.invoice_no, 'C')
        ) AS invoices,
        count(DISTINCT l.invoice_no) FILTER (WHERE starts_with(l.invoice_no, 'C')) AS cancelled,
        max(l.invoice_date) AS last_at
    FROM population AS p
    INNER JOIN invoice_lines AS l ON l.customer_id = p.customer_id
    WHERE l.invoice_date < {{ as_of }}
    GROUP BY p.customer_id
)

SELECT
    customer_id AS customer,
    profit,
    CASE WHEN sum(profit) OVER () > 0 THEN profit / sum(profit) OVER () END AS share,
    invoices,
    cancelled,
    whole_days(last_at, {{ as_of }}) AS days_ago
FROM customers
ORDER BY profit DESC, customer_id
LIMIT 20
