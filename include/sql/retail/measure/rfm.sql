-- A purchase is an invoice with lines of positive quantity that is not a cancellation ('C…'). Its time is that of its
-- first line, so a window contains a whole invoice or nothing of it. Returns are not deducted. A line with a negative
-- price credits the customer, whatever its quantity: it counts as a return, not as a purchase.
WITH lines AS (
    SELECT
        p.*,
        l.invoice_no,
        l.invoice_date,
        l.quantity * l.unit_price AS amount,
        l.quantity > 0 AND l.unit_price >= 0 AND NOT starts_with(l.invoice_no, 'C') AS is_bought
    FROM population AS p
    INNER JOIN invoice_lines AS l ON l.customer_id = p.customer_id
),

purchases AS (
    SELECT p.customer_id, p.invoice_no, min(p.invoice_date) AS bought_at, sum(p.amount) AS amount
    FROM lines AS p
    WHERE p.is_bought AND {{ window("purchases_ever", "p.invoice_date") }}
    GROUP BY p.customer_id, p.invoice_no
),

bought AS (
    SELECT
        p.customer_id,
        max(b.bought_at) FILTER (WHERE {{ window("recency", "b.bought_at") }}) AS last_at,
        count(*) FILTER (WHERE {{ window("frequency", "b.bought_at") }}) AS invoices,
        sum(b.amount) FILTER (WHERE {{ window("monetary", "b.bought_at") }}) AS amount,
        sum(b.amount) FILTER (WHERE {{ window("spent_ever", "b.bought_at") }}) AS amount_ever,
        count(*) AS ever
    FROM population AS p
    INNER JOIN purchases AS b ON b.customer_id = p.customer_id
    GROUP BY p.customer_id
),

balance AS (
    SELECT
        p.customer_id,
        -sum(p.amount) FILTER (WHERE NOT p.is_bought AND {{ window("returned_ever", "p.invoice_date") }}) AS returned,
        sum(p.amount) FILTER (WHERE {{ window("profit", "p.invoice_date") }}) AS kept
    FROM lines AS p
    GROUP BY p.customer_id
)

SELECT
    p.customer_id,
    whole_days(b.last_at, p.as_of) AS recency,
    coalesce(b.invoices, 0) AS frequency,
    coalesce(b.amount, 0) AS monetary,
    coalesce(b.ever, 0) AS purchases_ever,
    coalesce(b.amount_ever, 0) AS spent_ever,
    coalesce(n.returned, 0) AS returned_ever,
    coalesce(n.kept, 0) AS profit
FROM population AS p
LEFT JOIN bought AS b ON b.customer_id = p.customer_id
LEFT JOIN balance AS n ON n.customer_id = p.customer_id
