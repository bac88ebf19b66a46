-- CTEs, a WHERE outside and one inside, and what is computed from windows and columns.
WITH named AS (
    SELECT id, user_id AS learner, happened_at AS at, n, amount, day FROM events WHERE n IS NULL OR n <> 1
),
numbered AS (
    SELECT
        x.*,
        ROW_NUMBER() OVER w AS visit,
        LAG(x.at) OVER w AS before_at,
        TIMESTAMPDIFF(SECOND, LAG(x.at) OVER w, x.at) AS gap,
        COALESCE(LAG(x.learner) OVER w, 0) AS learner_before,
        CASE WHEN LAG(x.n) OVER w > x.n THEN 1 WHEN x.n IS NULL THEN 0 ELSE -1 END AS fell,
        x.n + LAG(x.n) OVER w AS with_before,
        x.amount - LAG(x.amount, 1, 0) OVER w AS grown
    FROM named AS x
    WINDOW w AS (PARTITION BY x.learner ORDER BY x.at, x.id)
)
SELECT
    id, learner, at, visit, before_at, gap, learner_before, fell, with_before, grown,
    n / 3 AS third,
    amount / n AS amount_per_n,
    amount * n AS product,
    n DIV 2 AS half,
    n % 2 AS odd,
    DATE(at) AS at_day,
    DATEDIFF(at, day) AS days,
    visit > 1 AS is_return,
    IF(visit = 1, NULL, amount) AS later_amount,
    at >= '2025-01-02' AND at < '2025-01-02 12:00:00' AS is_morning,
    n BETWEEN 0 AND 2 OR n IN (-3, 5) AS is_chosen,
    NOT n <=> visit AS differs
FROM numbered
WHERE (visit <= 4 OR gap > 3600) AND COALESCE(with_before, 0) < 7
