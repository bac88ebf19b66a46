CREATE TABLE IF NOT EXISTS segmentation_run (
    run_id text PRIMARY KEY,
    profile text NOT NULL,
    cadence text NOT NULL CHECK (cadence IN ('daily', 'weekly', 'monthly')),
    as_of timestamptz NOT NULL,
    is_primary boolean NOT NULL,
    status text NOT NULL CHECK (status = 'published'),
    look_ahead boolean NOT NULL,
    customers bigint NOT NULL,
    unknown_rows bigint NOT NULL,
    quarantined bigint NOT NULL,
    rows jsonb NOT NULL DEFAULT '{}',
    complete_through jsonb NOT NULL,
    models jsonb NOT NULL,
    follows jsonb,
    fingerprints jsonb NOT NULL DEFAULT '{}',
    is_stale boolean NOT NULL DEFAULT false,
    kpis jsonb NOT NULL,
    analytics jsonb NOT NULL DEFAULT '{}',
    gates jsonb NOT NULL,
    drift jsonb NOT NULL DEFAULT '[]',
    versions jsonb NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    seconds double precision NOT NULL,
    UNIQUE (cadence, as_of)
);

ALTER TABLE segmentation_run ADD COLUMN IF NOT EXISTS analytics jsonb NOT NULL DEFAULT '{}';
ALTER TABLE segmentation_run ADD COLUMN IF NOT EXISTS follows jsonb;
ALTER TABLE segmentation_run ADD COLUMN IF NOT EXISTS fingerprints jsonb NOT NULL DEFAULT '{}';
ALTER TABLE segmentation_run ADD COLUMN IF NOT EXISTS is_stale boolean NOT NULL DEFAULT false;
ALTER TABLE segmentation_run ADD COLUMN IF NOT EXISTS rows jsonb NOT NULL DEFAULT '{}';
ALTER TABLE segmentation_run ADD COLUMN IF NOT EXISTS drift jsonb NOT NULL DEFAULT '[]';

COMMENT ON TABLE segmentation_run IS 'One row per published run: what it was made from and what was checked. A run that a gate stops publishes nothing, not even a row here; see segmentation_check.';
COMMENT ON COLUMN segmentation_run.run_id IS 'The run: profile/cadence/as_of.';
COMMENT ON COLUMN segmentation_run.profile IS 'The profile.';
COMMENT ON COLUMN segmentation_run.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN segmentation_run.as_of IS 'The end of the run''s data interval (exclusive).';
COMMENT ON COLUMN segmentation_run.is_primary IS 'Whether the run feeds fct_segment_membership and customer_analytics_record.';
COMMENT ON COLUMN segmentation_run.status IS 'published.';
COMMENT ON COLUMN segmentation_run.look_ahead IS 'Whether as_of lies before the first model of a macro segment, which then labelled it.';
COMMENT ON COLUMN segmentation_run.customers IS 'The population: identified customers first seen before as_of.';
COMMENT ON COLUMN segmentation_run.unknown_rows IS 'Source rows without a customer: counted, never labelled.';
COMMENT ON COLUMN segmentation_run.quarantined IS 'Row versions that were ever held in quarantine, over all extracts, when the run was published.';
COMMENT ON COLUMN segmentation_run.rows IS 'Extract -> its current rows when the run was published: accepted, and quarantined.';
COMMENT ON COLUMN segmentation_run.complete_through IS 'Extract -> the time up to which it was known to be whole when the run was published.';
COMMENT ON COLUMN segmentation_run.models IS 'Macro segment -> the model that labelled it; see dim_model.';
COMMENT ON COLUMN segmentation_run.follows IS 'Macro segment -> the run before that its labels were compared with: run_id, model_id and, with hysteresis, the fingerprint of its labels; {} for a first run. NULL for runs of versions that did not compare.';
COMMENT ON COLUMN segmentation_run.fingerprints IS 'Macro segment -> a fingerprint of the run''s labels.';
COMMENT ON COLUMN segmentation_run.is_stale IS 'Whether the run before is no longer the one in follows: run segment and publish again. Until then hysteresis rests on labels that were replaced, and reasons are told without what a comparison with the other run would say.';
COMMENT ON COLUMN segmentation_run.kpis IS 'KPI -> its definition in this run; dim_kpi is derived from it.';
COMMENT ON COLUMN segmentation_run.analytics IS 'Google Analytics report -> what its figures can not say: days read, and how many of them were thresholded, sampled, truncated or had an (other) row; coverage of demographics.';
COMMENT ON COLUMN segmentation_run.gates IS 'What the gates said when the run was published: name, macro_segment (empty for the whole run), verdict (pass, warn, ask), found, allowed, approved_by.';
COMMENT ON COLUMN segmentation_run.drift IS 'How far customers were from those of the fit: macro_segment, metric (psi, js, inertia_gain), stratum, kpi, value; empty at other cadences than the primary one and for look_ahead.';
COMMENT ON COLUMN segmentation_run.versions IS 'Versions of the code, of these tables'' declarations and of the libraries that computed the run.';
COMMENT ON COLUMN segmentation_run.started_at IS 'When publishing began.';
COMMENT ON COLUMN segmentation_run.finished_at IS 'When publishing ended.';
COMMENT ON COLUMN segmentation_run.seconds IS 'How long publishing took.';
