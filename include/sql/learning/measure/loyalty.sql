-- A visit day is a day of the profile's time zone with a visit. A return is the first visit of a visit day that is not
-- the learner's first one; visit_gaps knows the visit before it (LAG, computed by MySQL).
WITH visited AS (
    SELECT
        p.customer_id,
        count(DISTINCT CAST(v.visited_at AS DATE)) FILTER (
            WHERE {{ window("lifetime_visit_days", "v.visited_at") }}
        ) AS visit_days,
        min(CAST(v.visited_at AS DATE)) AS first_day,
        max(v.visited_at) FILTER (WHERE {{ window("days_since_last_visit", "v.visited_at") }}) AS last_at
    FROM population AS p
    INNER JOIN visits AS v ON v.user_id = p.customer_id
    GROUP BY p.customer_id
),

-- Visits in quarantine make no return: the semi join drops them, and first_day is that of the accepted visits.
returns AS (
    SELECT
        f.customer_id,
        CAST(g.visited_at AS DATE) AS day,
        min(g.visited_at) AS returned_at,
        min(CAST(g.visited_at AS DATE) - CAST(g.previous_visited_at AS DATE)) AS days_away
    FROM visited AS f
    INNER JOIN visit_gaps AS g ON g.user_id = f.customer_id
    SEMI JOIN visits AS v ON v.visit_id = g.visit_id
    WHERE CAST(g.visited_at AS DATE) > CAST(g.previous_visited_at AS DATE)
        AND CAST(g.visited_at AS DATE) > f.first_day
    GROUP BY ALL
),

returned AS (
    SELECT
        p.customer_id,
        count(*) FILTER (WHERE {{ window("count_of_returns", "r.returned_at") }}) AS returns,
        avg(r.days_away) FILTER (WHERE {{ window("avg_days_between_returns", "r.returned_at") }}) AS days_away
    FROM population AS p
    INNER JOIN returns AS r ON r.customer_id = p.customer_id
    GROUP BY p.customer_id
)

SELECT
    p.customer_id,
    coalesce(r.returns, 0) AS count_of_returns,
    r.days_away AS avg_days_between_returns,
    whole_days(v.last_at, p.as_of) AS days_since_last_visit,
    coalesce(v.visit_days, 0) AS lifetime_visit_days
FROM population AS p
LEFT JOIN visited AS v ON v.customer_id = p.customer_id
LEFT JOIN returned AS r ON r.customer_id = p.customer_id
