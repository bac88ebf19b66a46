-- visit_gaps.sql for servers without window functions, in MySQL 5.0's grammar: the same rows, value for value.
-- The visit before is the latest of those that come first by (visited_at, visit_id), so ties have one answer.
SELECT visit_id, user_id, visited_at, previous_visited_at
FROM (
    SELECT
        v.visit_id,
        v.user_id,
        v.visited_at,
        (
            SELECT MAX(p.visited_at)
            FROM visits AS p
            WHERE p.user_id = v.user_id
              AND p.visited_at <= v.visited_at
              AND (p.visited_at < v.visited_at OR p.visit_id < v.visit_id)
        ) AS previous_visited_at
    FROM visits AS v
    WHERE {{ page("v.visited_at") }}
) AS gaps
WHERE previous_visited_at IS NOT NULL
