-- Each visit with the time of the learner's previous visit. First visits have none and are left out.
-- page() skips learners without a visit in the page. LAG needs all visits of the others.
SELECT visit_id, user_id, visited_at, previous_visited_at
FROM (
    SELECT
        v.visit_id,
        v.user_id,
        v.visited_at,
        LAG(v.visited_at) OVER (PARTITION BY v.user_id ORDER BY v.visited_at, v.visit_id) AS previous_visited_at
    FROM visits AS v
    WHERE v.user_id IN (SELECT recent.user_id FROM visits AS recent WHERE {{ page("recent.visited_at") }})
) AS gaps
WHERE previous_visited_at IS NOT NULL AND {{ page("visited_at") }}
