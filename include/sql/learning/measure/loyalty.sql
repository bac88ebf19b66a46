-- A visit day is a day with a visit, in the profile's time zone. A return is the first visit of every visit day but the
-- learner's first. visit_gaps holds the time since the previous visit (LAG, computed by MySQL).
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

-- The first visit of a day in the source has the gap; the gaps of later visits are within the day.
gaps AS (
    SELECT
        user_id,
        CAST(visited_at AS DATE) AS day,
        max(CAST(visited_at AS DATE) - CAST(previous_visited_at AS DATE)) AS days_away
    FROM visit_gaps
    GROUP BY ALL
),

-- A visit in quarantine is not a return and does not hide one on the same day: only accepted visits make visit days.
returns AS (
    SELECT
        v.user_id AS customer_id,
        g.days_away,
        min(v.visited_at) AS returned_at
    FROM visits AS v
    INNER JOIN visited AS f ON f.customer_id = v.user_id AND CAST(v.visited_at AS DATE) > f.first_day
    INNER JOIN gaps AS g ON g.user_id = v.user_id AND g.day = CAST(v.visited_at AS DATE)
    GROUP BY v.user_id, g.day, g.days_away
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
