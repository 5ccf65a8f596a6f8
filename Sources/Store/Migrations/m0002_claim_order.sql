-- Lock impact: writes to tasks wait while the index is built, and everything on tasks for the moment of the drop.

-- The order in which tasks are claimed, whole: a claim reads the first that it may have and stops. With the namespace
-- in front, and without the uid, every claim read and sorted all ready tasks.
CREATE INDEX tasks_claim ON tasks (priority DESC, ready_at, uid) WHERE state = 'ready';
DROP INDEX tasks_ready;
