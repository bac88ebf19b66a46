-- Sales by month, including lines without a customer. Purchases and returns as in rfm.sql.
WITH lines AS (
    SELECT
        invoice_no,
        customer_id,
        strftime(invoice_date, '%Y-%m') AS month,
        quantity * unit_price AS amount,
        quantity > 0 AND unit_price >= 0 AND NOT starts_with(invoice_no, 'C') AS is_bought
    FROM invoice_lines
    WHERE invoice_date < {{ as_of }}
),

months AS (
    SELECT
        month,
        coalesce(sum(amount) FILTER (WHERE is_bought), 0) AS sold,
        coalesce(-sum(amount) FILTER (WHERE NOT is_bought), 0) AS returned,
        coalesce(sum(amount) FILTER (WHERE is_bought AND customer_id IS NULL), 0) AS unknown,
        count(DISTINCT invoice_no) FILTER (WHERE is_bought) AS invoices,
        count(DISTINCT customer_id) FILTER (WHERE is_bought) AS customers
    FROM lines
    GROUP BY month
)

SELECT
    month,
    sold,
    returned,
    sold - returned AS kept,
    invoices,
    customers,
    sold / nullif(invoices, 0) AS ticket,
    unknown / nullif(sold, 0) AS of_unknown
FROM months
ORDER BY month
