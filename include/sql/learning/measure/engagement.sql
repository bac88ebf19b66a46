-- A topic viewed twice counts twice. The window of completions leaves out those after as_of.
WITH topics AS (
    SELECT
        p.customer_id,
        count(*) FILTER (WHERE {{ window("topics_first_day", "t.viewed_at") }}) AS first_day,
        count(*) FILTER (WHERE {{ window("topics_first_week", "t.viewed_at") }}) AS first_week,
        sum(t.seconds) FILTER (WHERE {{ window("study_minutes", "t.viewed_at") }}) AS seconds,
        count(*) FILTER (WHERE {{ window("lifetime_topics", "t.viewed_at") }}) AS ever
    FROM population AS p
    INNER JOIN topic_views AS t ON t.user_id = p.customer_id
    GROUP BY p.customer_id
),

completed AS (
    SELECT
        p.customer_id,
        count(*) FILTER (WHERE {{ window("course_completions", "e.completed_at") }}) AS courses,
        count(*) FILTER (WHERE {{ window("lifetime_completions", "e.completed_at") }}) AS ever
    FROM population AS p
    INNER JOIN enrolments AS e ON e.user_id = p.customer_id
    GROUP BY p.customer_id
)

SELECT
    p.customer_id,
    coalesce(t.first_day, 0) AS topics_first_day,
    coalesce(t.first_week, 0) AS topics_first_week,
    coalesce(c.courses, 0) AS course_completions,
    coalesce(t.seconds, 0) / 60 AS study_minutes,
    coalesce(t.ever, 0) AS lifetime_topics,
    coalesce(c.ever, 0) AS lifetime_completions
FROM population AS p
LEFT JOIN topics AS t ON t.customer_id = p.customer_id
LEFT JOIN completed AS c ON c.customer_id = p.customer_id
