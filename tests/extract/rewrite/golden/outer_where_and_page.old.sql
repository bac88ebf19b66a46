SELECT
  `gaps`.`id`,
  `gaps`.`happened_at`,
  `gaps`.`before_at`
FROM (
  SELECT
    `e`.`id`,
    `e`.`happened_at`,
    (
      SELECT
        `w1`.`happened_at`
      FROM `events` AS `w1`   FORCE INDEX (`by_user`)
      WHERE
        `w1`.`user_id` = `e`.`user_id`
        AND (
          `w1`.`happened_at` <= `e`.`happened_at`
          AND (
            `w1`.`happened_at` < `e`.`happened_at` OR (
              `w1`.`id` < `e`.`id`
            )
          )
        )
      ORDER BY
        `w1`.`user_id` DESC,
        `w1`.`happened_at` DESC,
        `w1`.`id` DESC
      LIMIT 1
    ) AS before_at
  FROM events AS `e`
  WHERE
    (`e`.`happened_at` < '2026-01-01')
) AS `gaps`
WHERE
  NOT `gaps`.`before_at` IS NULL
