-- The newest count of each holder. A value that it lacks is NULL, even if an older count has one.
SELECT
    p.customer_id,
    arg_max_null(h.payments, h.taken_at) FILTER (WHERE {{ window("payments", "h.taken_at") }}) AS payments,
    arg_max_null(h.minimum_payments, h.taken_at) FILTER (
        WHERE {{ window("minimum_payments", "h.taken_at") }}
    ) AS minimum_payments,
    arg_max_null(h.balance, h.taken_at) FILTER (WHERE {{ window("balance", "h.taken_at") }}) AS balance,
    arg_max_null(h.prc_full_payment, h.taken_at) FILTER (
        WHERE {{ window("prc_full_payment", "h.taken_at") }}
    ) AS prc_full_payment
FROM population AS p
INNER JOIN card_holders AS h ON h.cust_id = p.customer_id
GROUP BY p.customer_id
