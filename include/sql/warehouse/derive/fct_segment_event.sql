-- Entries, moves and exits between the previous run and the run at :as_of, of the primary cadence.
DELETE FROM fct_segment_event WHERE occurred_at = %(as_of)s;

INSERT INTO fct_segment_event (
    customer_id, macro_segment, occurred_at, from_key, to_key, reason, boundary_noise, run_id
)
SELECT customer_id, macro_segment, %(as_of)s, from_key, to_key, reason, boundary_noise, run.run_id
FROM moved, segmentation_run AS run
WHERE run.cadence = %(cadence)s AND run.as_of = %(as_of)s
