-- A purchase is an invoice with lines of positive quantity that is not a cancellation ('C…'); its time is that of its
-- first line, so an invoice is in a window whole or not at all. Returns are not deducted.
WITH purchases AS (
    SELECT
        p.customer_id,
        l.invoice_no,
        min(l.invoice_date) AS bought_at,
        sum(l.quantity * l.unit_price) AS amount
    FROM population AS p
    INNER JOIN invoice_lines AS l ON l.customer_id = p.customer_id
    WHERE l.quantity > 0
        AND NOT starts_with(l.invoice_no, 'C')
        AND {{ window("purchases_ever", "l.invoice_date") }}
    GROUP BY p.customer_id, l.invoice_no
),

bought AS (
    SELECT
        p.customer_id,
        max(b.bought_at) FILTER (WHERE {{ window("recency", "b.bought_at") }}) AS last_at,
        count(*) FILTER (WHERE {{ window("frequency", "b.bought_at") }}) AS invoices,
        sum(b.amount) FILTER (WHERE {{ window("monetary", "b.bought_at") }}) AS amount,
        count(*) AS ever
    FROM population AS p
    INNER JOIN purchases AS b ON b.customer_id = p.customer_id
    GROUP BY p.customer_id
)

SELECT
    p.customer_id,
    whole_days(b.last_at, p.as_of) AS recency,
    coalesce(b.invoices, 0) AS frequency,
    coalesce(b.amount, 0) AS monetary,
    coalesce(b.ever, 0) AS purchases_ever
FROM population AS p
LEFT JOIN bought AS b ON b.customer_id = p.customer_id
