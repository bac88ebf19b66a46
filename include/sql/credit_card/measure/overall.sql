-- The newest count of each holder. A value that it lacks is NULL, even if an older count has one.
SELECT
    p.customer_id,
    arg_max_null(h.balance, h.taken_at) FILTER (WHERE {{ window("balance", "h.taken_at") }}) AS balance,
    arg_max_null(h.balance_frequency, h.taken_at) FILTER (
        WHERE {{ window("balance_frequency", "h.taken_at") }}
    ) AS balance_frequency,
    arg_max_null(h.purchases, h.taken_at) FILTER (WHERE {{ window("purchases", "h.taken_at") }}) AS purchases,
    arg_max_null(h.oneoff_purchases, h.taken_at) FILTER (
        WHERE {{ window("oneoff_purchases", "h.taken_at") }}
    ) AS oneoff_purchases,
    arg_max_null(h.installments_purchases, h.taken_at) FILTER (
        WHERE {{ window("installments_purchases", "h.taken_at") }}
    ) AS installments_purchases,
    arg_max_null(h.cash_advance, h.taken_at) FILTER (WHERE {{ window("cash_advance", "h.taken_at") }}) AS cash_advance,
    arg_max_null(h.purchases_frequency, h.taken_at) FILTER (
        WHERE {{ window("purchases_frequency", "h.taken_at") }}
    ) AS purchases_frequency,
    arg_max_null(h.oneoff_purchases_frequency, h.taken_at) FILTER (
        WHERE {{ window("oneoff_purchases_frequency", "h.taken_at") }}
    ) AS oneoff_purchases_frequency,
    arg_max_null(h.purchases_installments_frequency, h.taken_at) FILTER (
        WHERE {{ window("purchases_installments_frequency", "h.taken_at") }}
    ) AS purchases_installments_frequency,
    arg_max_null(h.cash_advance_frequency, h.taken_at) FILTER (
        WHERE {{ window("cash_advance_frequency", "h.taken_at") }}
    ) AS cash_advance_frequency,
    arg_max_null(h.cash_advance_trx, h.taken_at) FILTER (
        WHERE {{ window("cash_advance_trx", "h.taken_at") }}
    ) AS cash_advance_trx,
    arg_max_null(h.purchases_trx, h.taken_at) FILTER (
        WHERE {{ window("purchases_trx", "h.taken_at") }}
    ) AS purchases_trx,
    arg_max_null(h.credit_limit, h.taken_at) FILTER (WHERE {{ window("credit_limit", "h.taken_at") }}) AS credit_limit,
    arg_max_null(h.payments, h.taken_at) FILTER (WHERE {{ window("payments", "h.taken_at") }}) AS payments,
    arg_max_null(h.minimum_payments, h.taken_at) FILTER (
        WHERE {{ window("minimum_payments", "h.taken_at") }}
    ) AS minimum_payments,
    arg_max_null(h.prc_full_payment, h.taken_at) FILTER (
        WHERE {{ window("prc_full_payment", "h.taken_at") }}
    ) AS prc_full_payment,
    arg_max_null(h.tenure, h.taken_at) FILTER (WHERE {{ window("tenure", "h.taken_at") }}) AS tenure
FROM population AS p
INNER JOIN card_holders AS h ON h.cust_id = p.customer_id
GROUP BY p.customer_id
