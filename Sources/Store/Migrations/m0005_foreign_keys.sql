-- Lock impact: writes to workflows, tasks, handoffs, escalations and events wait while their indexes are built.

-- A run that is deleted takes its rows with it; each row that goes looks for those that refer to it. Without an index
-- that is a look at the whole table.
CREATE INDEX workflows_pin ON workflows (pin);
CREATE INDEX tasks_work_item ON tasks (work_item_uid);
CREATE INDEX handoffs_task ON handoffs (task_uid);
CREATE INDEX escalations_task ON escalations (task_uid);

-- Events without a namespace are read as those of `default`, which an index of the bare column cannot serve.
DROP INDEX events_namespace;
CREATE INDEX events_namespace ON events (coalesce(namespace, 'default'), position);

-- Since when a runtime has stood where it stands; one that has been gone for a while is forgotten.
ALTER TABLE runtimes ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();
