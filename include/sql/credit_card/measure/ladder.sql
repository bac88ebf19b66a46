-- The newest count of each holder. A value that it lacks is NULL, even if an older count has one.
SELECT
    p.customer_id,
    arg_max_null(h.purchases, h.taken_at) FILTER (WHERE {{ window("purchases", "h.taken_at") }}) AS purchases,
    arg_max_null(h.cash_advance, h.taken_at) FILTER (WHERE {{ window("cash_advance", "h.taken_at") }}) AS cash_advance
FROM population AS p
INNER JOIN card_holders AS h ON h.cust_id = p.customer_id
GROUP BY p.customer_id
