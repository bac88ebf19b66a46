-- Purchases as in rfm.sql; a return is a cancelled invoice ('C…').
WITH invoices AS (
    SELECT
        p.customer_id,
        l.invoice_no,
        starts_with(l.invoice_no, 'C') AS is_return,
        min(l.invoice_date) AS invoiced_at,
        count(DISTINCT l.stock_code) AS articles,
        sum(l.quantity * l.unit_price) AS amount
    FROM population AS p
    INNER JOIN invoice_lines AS l ON l.customer_id = p.customer_id
    WHERE (l.quantity > 0 AND l.unit_price >= 0 OR starts_with(l.invoice_no, 'C'))
        AND l.invoice_date < p.as_of
    GROUP BY p.customer_id, l.invoice_no
),

behaved AS (
    SELECT
        p.customer_id,
        count(*) FILTER (WHERE i.is_return AND {{ window("returns", "i.invoiced_at") }}) AS returned,
        avg(i.articles) FILTER (WHERE NOT i.is_return AND {{ window("basket_size", "i.invoiced_at") }}) AS articles,
        -- Sum money as DECIMAL and divide once, because avg() adds floats.
        sum(i.amount) FILTER (WHERE NOT i.is_return AND {{ window("average_ticket", "i.invoiced_at") }})
            / count(*) FILTER (WHERE NOT i.is_return AND {{ window("average_ticket", "i.invoiced_at") }}) AS ticket,
        count(*) FILTER (WHERE NOT i.is_return AND {{ window("buying_invoices", "i.invoiced_at") }}) AS bought,
        min(i.invoiced_at) FILTER (
            WHERE NOT i.is_return AND {{ window("purchase_interval", "i.invoiced_at") }}
        ) AS first_at,
        max(i.invoiced_at) FILTER (
            WHERE NOT i.is_return AND {{ window("purchase_interval", "i.invoiced_at") }}
        ) AS last_at
    FROM population AS p
    INNER JOIN invoices AS i ON i.customer_id = p.customer_id
    GROUP BY p.customer_id
)

SELECT
    p.customer_id,
    coalesce(b.returned, 0) AS returns,
    b.articles AS basket_size,
    b.ticket AS average_ticket,
    -- The gaps between n invoices add up to last - first.
    CASE WHEN b.bought > 1 THEN (epoch_us(b.last_at) - epoch_us(b.first_at)) / (86400000000 * (b.bought - 1)) END
        AS purchase_interval,
    coalesce(b.bought, 0) AS buying_invoices
FROM population AS p
LEFT JOIN behaved AS b ON b.customer_id = p.customer_id
