-- Each staged month of a cohort replaces that of an older run as a whole. The month of a newer run stays.
DELETE FROM fct_cohort_segment AS old
USING (SELECT DISTINCT macro_segment, cohort, month FROM staged_fct_cohort_segment) AS staged
WHERE old.macro_segment = staged.macro_segment AND old.cohort = staged.cohort AND old.month = staged.month
    AND old.as_of <= %(as_of)s;

INSERT INTO fct_cohort_segment (
    macro_segment, cohort, month, segment_key, kpi, customers, share, min, p25, p50, p75, max, model_id, as_of
)
SELECT macro_segment, cohort, month, segment_key, kpi, customers, share, min, p25, p50, p75, max, model_id, as_of
FROM staged_fct_cohort_segment AS staged
WHERE NOT EXISTS (
    SELECT FROM fct_cohort_segment AS newer
    WHERE newer.macro_segment = staged.macro_segment AND newer.cohort = staged.cohort AND newer.month = staged.month
);

SELECT count(*) FROM fct_cohort_segment WHERE as_of = %(as_of)s
