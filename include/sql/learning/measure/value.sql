-- Events after as_of are not known at as_of: a purchase refunded later counts, and so does a cart ordered later.
WITH bought AS (
    SELECT
        p.customer_id,
        count(*) FILTER (WHERE {{ window("purchases", "o.ordered_at") }}) AS orders,
        sum(o.amount) FILTER (WHERE {{ window("revenue", "o.ordered_at") }}) AS amount,
        count(*) FILTER (WHERE {{ window("lifetime_purchases", "o.ordered_at") }}) AS ever
    FROM population AS p
    INNER JOIN orders AS o ON o.user_id = p.customer_id
    WHERE o.refunded_at IS NULL OR o.refunded_at >= p.as_of
    GROUP BY p.customer_id
),

followed AS (
    SELECT cart_id, min(ordered_at) AS ordered_at
    FROM orders
    WHERE cart_id IS NOT NULL
    GROUP BY cart_id
),

begun AS (
    SELECT
        p.customer_id,
        count(*) FILTER (
            WHERE c.created_at <= p.as_of - INTERVAL 1 DAY
                AND (f.ordered_at IS NULL OR f.ordered_at >= p.as_of)
                AND {{ window("cart_abandonments", "c.created_at") }}
        ) AS abandoned,
        count(*) FILTER (WHERE {{ window("lifetime_intents", "c.created_at") }}) AS ever
    FROM population AS p
    INNER JOIN carts AS c ON c.user_id = p.customer_id
    LEFT JOIN followed AS f ON f.cart_id = c.cart_id
    GROUP BY p.customer_id
),

-- GA4 gives only the day of an event. It counts as the last moment of that day in the profile's time zone, because it may
-- have happened that late. "(not set)" and "(other)" are not ids and match no learner.
days_looked AS (
    SELECT
        learner_id,
        screen_page_views,
        CAST(date AS TIMESTAMPTZ) + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND AS looked_at
    FROM pricing_views
),

looked AS (
    SELECT
        p.customer_id,
        sum(d.screen_page_views) FILTER (WHERE {{ window("pricing_page_views", "d.looked_at") }}) AS views,
        sum(d.screen_page_views) FILTER (WHERE {{ window("lifetime_intents", "d.looked_at") }}) AS ever
    FROM population AS p
    INNER JOIN days_looked AS d ON d.learner_id = CAST(p.customer_id AS VARCHAR)
    GROUP BY p.customer_id
)

SELECT
    p.customer_id,
    coalesce(b.orders, 0) AS purchases,
    coalesce(c.abandoned, 0) AS cart_abandonments,
    coalesce(b.amount, 0) AS revenue,
    coalesce(l.views, 0) AS pricing_page_views,
    coalesce(b.ever, 0) AS lifetime_purchases,
    coalesce(c.ever, 0) + coalesce(l.ever, 0) AS lifetime_intents
FROM population AS p
LEFT JOIN bought AS b ON b.customer_id = p.customer_id
LEFT JOIN begun AS c ON c.customer_id = p.customer_id
LEFT JOIN looked AS l ON l.customer_id = p.customer_id
