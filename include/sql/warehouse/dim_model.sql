CREATE TABLE IF NOT EXISTS dim_model (
    model_id text PRIMARY KEY,
    macro_segment text NOT NULL,
    effective_from timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('candidate', 'accepted', 'rejected', 'retired')),
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL,
    customers bigint NOT NULL,
    segments integer NOT NULL,
    model jsonb NOT NULL
);

COMMENT ON TABLE dim_model IS 'One row per fit: everything that it froze, and what has been decided about it.';
COMMENT ON COLUMN dim_model.model_id IS 'The model.';
COMMENT ON COLUMN dim_model.macro_segment IS 'The macro segment that it cuts.';
COMMENT ON COLUMN dim_model.effective_from IS 'The first as_of that is labelled with it, once accepted.';
COMMENT ON COLUMN dim_model.status IS 'candidate, accepted, rejected or retired.';
COMMENT ON COLUMN dim_model.decided_by IS 'Who, or which rule, decided the status.';
COMMENT ON COLUMN dim_model.decided_at IS 'When that was decided.';
COMMENT ON COLUMN dim_model.customers IS 'Customers that the model was fitted on.';
COMMENT ON COLUMN dim_model.segments IS 'Segments that the model has.';
COMMENT ON COLUMN dim_model.model IS 'The frozen parameters: transforms, scales, components, prototypes, bands, names, evidence and lineage.';
