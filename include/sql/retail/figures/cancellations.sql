-- Cancelled invoices ('C…') and purchases by month, including those without a customer.
WITH invoices AS (
    SELECT
        invoice_no,
        strftime(min(invoice_date), '%Y-%m') AS month,
        starts_with(invoice_no, 'C') AS is_cancelled,
        bool_or(quantity > 0 AND unit_price >= 0) AS is_bought,
        sum(quantity * unit_price) AS amount,
        max(customer_id) AS customer_id
    FROM invoice_lines
    WHERE invoice_date < {{ as_of }}
    GROUP BY invoice_no
)

SELECT
    month,
    count(*) FILTER (WHERE is_cancelled) AS cancelled,
    count(*) FILTER (WHERE is_cancelled) / nullif(count(*) FILTER (WHERE is_cancelled OR is_bought), 0) AS share,
    coalesce(-sum(amount) FILTER (WHERE is_cancelled), 0) AS amount,
    count(DISTINCT customer_id) FILTER (WHERE is_cancelled) AS customers
FROM invoices
GROUP BY month
ORDER BY month
