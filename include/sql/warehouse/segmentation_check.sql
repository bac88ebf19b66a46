CREATE TABLE IF NOT EXISTS segmentation_check (
    run_id text PRIMARY KEY,
    cadence text NOT NULL CHECK (cadence IN ('daily', 'weekly', 'monthly')),
    as_of timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('published', 'waiting', 'rejected', 'stopped')),
    gates jsonb NOT NULL,
    checked_at timestamptz NOT NULL
);

COMMENT ON TABLE segmentation_check IS 'One row per run: what the gates said when it was checked last, whether it was published then or not. The other tables of a run that was not published are as they were.';
COMMENT ON COLUMN segmentation_check.run_id IS 'The run: profile/cadence/as_of.';
COMMENT ON COLUMN segmentation_check.cadence IS 'How often the run is evaluated: daily, weekly or monthly.';
COMMENT ON COLUMN segmentation_check.as_of IS 'The as_of of the run.';
COMMENT ON COLUMN segmentation_check.status IS 'published; waiting for a person; rejected by a person, or unanswered; stopped.';
COMMENT ON COLUMN segmentation_check.gates IS 'The verdicts: name, macro_segment (empty for the whole run), verdict (pass, warn, ask, stop), found, allowed, approved_by.';
COMMENT ON COLUMN segmentation_check.checked_at IS 'When the gates were asked.';
