SELECT
    p.customer_id,
    count(*) FILTER (WHERE {{ window("loans", "l.borrowed_at") }}) AS loans,
    datediff(
        'day', max(l.borrowed_at) FILTER (WHERE {{ window("days_since_last_loan", "l.borrowed_at") }}), any_value(p.as_of)
    ) AS days_since_last_loan,
    count(*) FILTER (WHERE {{ window("loans_ever", "l.borrowed_at") }}) AS loans_ever
FROM population AS p
LEFT JOIN loans AS l ON l.member_id = p.customer_id
GROUP BY p.customer_id
