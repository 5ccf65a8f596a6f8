-- Lock impact: reads and writes of revisions wait while the constraints are checked and the index is built.

-- A commit that is applied again after another one is a revision of its own: the table is a history. One that was begun
-- and given up for a newer commit is superseded.
ALTER TABLE revisions
    ADD COLUMN attempt bigint NOT NULL DEFAULT 1,
    DROP CONSTRAINT revisions_source_commit_key,
    ADD UNIQUE (source, commit, attempt),
    DROP CONSTRAINT revisions_phase_check,
    ADD CONSTRAINT revisions_phase_check CHECK (phase IN ('applying', 'applied', 'failed', 'superseded'));
CREATE INDEX revisions_newest ON revisions (source, resource_version DESC);
