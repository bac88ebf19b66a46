SELECT
    member_id AS customer_id,
    joined_at AS first_seen,
    joined_at AS last_seen,
    1 AS source_rows,
    town
FROM members
