-- The newest count of each holder. A value that it lacks is NULL, even if an older count has one.
SELECT
    p.customer_id,
    arg_max_null(h.purchases, h.taken_at) FILTER (WHERE {{ window("purchases", "h.taken_at") }}) AS purchases,
    arg_max_null(h.oneoff_purchases, h.taken_at) FILTER (
        WHERE {{ window("oneoff_purchases", "h.taken_at") }}
    ) AS oneoff_purchases,
    arg_max_null(h.installments_purchases, h.taken_at) FILTER (
        WHERE {{ window("installments_purchases", "h.taken_at") }}
    ) AS installments_purchases,
    arg_max_null(h.purchases_frequency, h.taken_at) FILTER (
        WHERE {{ window("purchases_frequency", "h.taken_at") }}
    ) AS purchases_frequency,
    arg_max_null(h.oneoff_purchases_frequency, h.taken_at) FILTER (
        WHERE {{ window("oneoff_purchases_frequency", "h.taken_at") }}
    ) AS oneoff_purchases_frequency,
    arg_max_null(h.purchases_installments_frequency, h.taken_at) FILTER (
        WHERE {{ window("purchases_installments_frequency", "h.taken_at") }}
    ) AS purchases_installments_frequency,
    arg_max_null(h.purchases_trx, h.taken_at) FILTER (
        WHERE {{ window("purchases_trx", "h.taken_at") }}
    ) AS purchases_trx
FROM population AS p
INNER JOIN card_holders AS h ON h.cust_id = p.customer_id
GROUP BY p.customer_id
