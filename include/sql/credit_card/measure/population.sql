-- Everyone on a count before as_of. The file has no other time, so "first seen" is the first count, not the card's age.
SELECT
    cust_id AS customer_id,
    min(taken_at) AS first_seen,
    max(taken_at) AS last_seen,
    count(*) AS source_rows
FROM card_holders
WHERE taken_at < {{ as_of }}
GROUP BY cust_id
