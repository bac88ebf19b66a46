-- Every learner since registration. Activity of no registered learner (an unknown user_id, or GA4's "(not set)" and
-- "(other)") is counted in the one row without a customer_id.
-- GA4 gives only the day of an event; it counts as midnight in the profile's time zone.
WITH activity AS (
    SELECT CAST(user_id AS VARCHAR) AS learner, visited_at AS seen_at FROM visits
    UNION ALL
    SELECT CAST(user_id AS VARCHAR), viewed_at FROM topic_views
    UNION ALL
    SELECT CAST(user_id AS VARCHAR), enrolled_at FROM enrolments
    UNION ALL
    SELECT CAST(user_id AS VARCHAR), created_at FROM carts
    UNION ALL
    SELECT CAST(user_id AS VARCHAR), ordered_at FROM orders
    UNION ALL
    SELECT learner_id, CAST(date AS TIMESTAMPTZ) FROM pricing_views
),

seen AS (
    SELECT learner, max(seen_at) AS last_seen, count(*) AS source_rows
    FROM activity
    WHERE seen_at < {{ as_of }}
    GROUP BY learner
)

SELECT
    u.user_id AS customer_id,
    u.registered_at AS first_seen,
    greatest(u.registered_at, s.last_seen) AS last_seen,
    coalesce(s.source_rows, 0) AS source_rows,
    u.country,
    u.email_consent = 1 AS email_consent,
    u.analytics_consent = 1 AS analytics_consent
FROM users AS u
LEFT JOIN seen AS s ON s.learner = CAST(u.user_id AS VARCHAR)

UNION ALL

SELECT NULL, NULL, max(s.last_seen), coalesce(sum(s.source_rows), 0), NULL, NULL, NULL
FROM seen AS s
ANTI JOIN users AS u ON CAST(u.user_id AS VARCHAR) = s.learner
