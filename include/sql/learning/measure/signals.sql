-- What a learner did in a period that ends at p.as_of: up to a landmark, or within the horizon after it.
WITH visited AS (
    SELECT p.customer_id, count(DISTINCT CAST(v.visited_at AS DATE)) AS days
    FROM population AS p
    INNER JOIN visits AS v ON v.user_id = p.customer_id
    WHERE {{ window("visit_days", "v.visited_at") }}
    GROUP BY p.customer_id
),

studied AS (
    SELECT
        p.customer_id,
        count(DISTINCT e.course_id) FILTER (WHERE {{ window("courses", "e.enrolled_at") }}) AS courses,
        count(*) FILTER (WHERE {{ window("completions", "e.completed_at") }}) AS completions,
        count(*) FILTER (
            WHERE c.course_type IN ('certificate', 'diploma') AND {{ window("earned", "e.completed_at") }}
        ) AS earned
    FROM population AS p
    INNER JOIN enrolments AS e ON e.user_id = p.customer_id
    LEFT JOIN courses AS c ON c.course_id = e.course_id
    GROUP BY p.customer_id
),

-- A refund after the period is not known at its end.
bought AS (
    SELECT
        p.customer_id,
        count(*) FILTER (WHERE {{ window("orders", "o.ordered_at") }}) AS orders,
        count(*) FILTER (
            WHERE (o.refunded_at IS NULL OR o.refunded_at >= p.as_of) AND {{ window("paid_orders", "o.ordered_at") }}
        ) AS paid_orders
    FROM population AS p
    INNER JOIN orders AS o ON o.user_id = p.customer_id
    GROUP BY p.customer_id
),

followed AS (
    SELECT cart_id, min(ordered_at) AS ordered_at
    FROM orders
    WHERE cart_id IS NOT NULL
    GROUP BY cart_id
),

-- A cart counts as abandoned one day after it was begun, in the period of that day.
begun AS (
    SELECT p.customer_id, count(*) AS abandoned
    FROM population AS p
    INNER JOIN carts AS c ON c.user_id = p.customer_id
    LEFT JOIN followed AS f ON f.cart_id = c.cart_id
    WHERE (f.ordered_at IS NULL OR f.ordered_at >= p.as_of)
        AND {{ window("abandoned_carts", "c.created_at + INTERVAL 1 DAY") }}
    GROUP BY p.customer_id
)

SELECT
    p.customer_id,
    coalesce(v.days, 0) AS visit_days,
    coalesce(s.courses, 0) AS courses,
    coalesce(s.completions, 0) AS completions,
    coalesce(s.earned, 0) AS earned,
    coalesce(b.orders, 0) AS orders,
    coalesce(b.paid_orders, 0) AS paid_orders,
    coalesce(c.abandoned, 0) AS abandoned_carts
FROM population AS p
LEFT JOIN visited AS v ON v.customer_id = p.customer_id
LEFT JOIN studied AS s ON s.customer_id = p.customer_id
LEFT JOIN bought AS b ON b.customer_id = p.customer_id
LEFT JOIN begun AS c ON c.customer_id = p.customer_id
