-- Lock impact: none; every table is new.

-- One sequence for everything that is read in order. CACHE 1: a cached number would be drawn long before its row.
CREATE SEQUENCE log_position CACHE 1;
CREATE SEQUENCE key_fence CACHE 1;

CREATE TABLE settings (
    name text PRIMARY KEY,
    value jsonb NOT NULL
);
INSERT INTO settings (name, value) VALUES
    ('installation', to_jsonb(gen_random_uuid()::text)),
    ('changes_floor', '0');

-- Declared objects. Collation "C" is the order of bytes, in which locks are taken and pages are cut.
CREATE TABLE objects (
    uid text PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    generation bigint NOT NULL CHECK (generation >= 1),
    labels jsonb NOT NULL,
    annotations jsonb NOT NULL,
    spec jsonb NOT NULL,
    digest text NOT NULL,
    source text,
    origin jsonb NOT NULL,
    status jsonb,
    created_at timestamptz NOT NULL,
    deletion_at timestamptz,
    resource_version bigint NOT NULL,
    UNIQUE (kind, namespace, name)
);
CREATE INDEX objects_source ON objects (source) WHERE source IS NOT NULL;

CREATE TABLE revisions (
    uid text PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    source text NOT NULL,
    commit text NOT NULL,
    author text NOT NULL,
    message text NOT NULL,
    phase text NOT NULL CHECK (phase IN ('applying', 'applied', 'failed')),
    failure text,
    declared bigint NOT NULL,
    held_back bigint NOT NULL,
    created bigint NOT NULL,
    changed bigint NOT NULL,
    unchanged bigint NOT NULL,
    removed bigint NOT NULL,
    diagnostics jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    resource_version bigint NOT NULL,
    UNIQUE (source, commit),
    CHECK ((phase = 'applying') = (finished_at IS NULL)),
    CHECK ((phase = 'failed') = (failure IS NOT NULL))
);

-- Runs. A run's row is the lock of everything that belongs to it.
CREATE TABLE pins (
    digest text PRIMARY KEY,
    body jsonb NOT NULL
);

CREATE TABLE workflows (
    uid text PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    ordinal bigint NOT NULL,
    observed_generation bigint NOT NULL,
    phase text NOT NULL CHECK (phase IN ('pending', 'active', 'paused', 'completed', 'failed', 'cancelled')),
    reason text,
    message text,
    desired text NOT NULL CHECK (desired IN ('run', 'paused', 'cancelled')),
    held text NOT NULL CHECK (held IN ('run', 'paused', 'cancelled')),
    playbook text NOT NULL,
    playbook_version text NOT NULL,
    pin text NOT NULL REFERENCES pins,
    parameters jsonb NOT NULL,
    priority bigint NOT NULL,
    current_stage text,
    branch text,
    head text,
    spend jsonb NOT NULL,
    callouts jsonb NOT NULL,
    conditions jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    UNIQUE (namespace, name),
    CHECK ((phase IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
);
CREATE INDEX workflows_active ON workflows (namespace, name) WHERE finished_at IS NULL;

CREATE TABLE stages (
    uid text PRIMARY KEY,
    name text NOT NULL,
    ordinal bigint NOT NULL,
    workflow_uid text NOT NULL REFERENCES workflows ON DELETE CASCADE,
    index bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'active', 'blocked', 'completed', 'awaiting_gate')),
    cycles bigint NOT NULL CHECK (cycles >= 0),
    reason text,
    UNIQUE (workflow_uid, name),
    UNIQUE (workflow_uid, index)
);

CREATE TABLE work_items (
    uid text PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    ordinal bigint NOT NULL,
    workflow_uid text NOT NULL REFERENCES workflows ON DELETE CASCADE,
    workflow text NOT NULL,
    stage text NOT NULL,
    declared_item text,
    title text NOT NULL,
    goal text NOT NULL,
    acceptance text,
    state text NOT NULL CHECK (state IN ('open', 'blocked', 'escalated', 'completed', 'cancelled')),
    "column" text NOT NULL,
    next_actor text,
    next_action text,
    rework_count bigint NOT NULL CHECK (rework_count >= 0),
    reason text,
    created_at timestamptz NOT NULL,
    resource_version bigint NOT NULL,
    UNIQUE (namespace, name)
);
CREATE INDEX work_items_workflow ON work_items (workflow_uid);

CREATE TABLE tasks (
    uid text PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    ordinal bigint NOT NULL,
    workflow_uid text NOT NULL REFERENCES workflows ON DELETE CASCADE,
    workflow text NOT NULL,
    work_item_uid text NOT NULL REFERENCES work_items ON DELETE CASCADE,
    work_item text NOT NULL,
    stage text NOT NULL,
    role text NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('delivery', 'assessment')),
    routing_tag text NOT NULL,
    priority bigint NOT NULL,
    depends_on jsonb NOT NULL,
    subject jsonb,
    state text NOT NULL CHECK (state IN ('pending', 'ready', 'claimed', 'in_progress', 'awaiting_approval',
        'output_pending_assessment', 'escalated', 'completed', 'failed', 'cancelled')),
    revision bigint NOT NULL CHECK (revision >= 1),
    attempts bigint NOT NULL CHECK (attempts >= 0),
    failures bigint NOT NULL CHECK (failures >= 0),
    feedback jsonb NOT NULL,
    reason text,
    message text,
    created_at timestamptz NOT NULL,
    ready_at timestamptz,
    not_before timestamptz,
    resource_version bigint NOT NULL,
    UNIQUE (namespace, name),
    CHECK ((purpose = 'assessment') = (subject IS NOT NULL)),
    CHECK (state <> 'ready' OR ready_at IS NOT NULL)
);
CREATE INDEX tasks_workflow ON tasks (workflow_uid);
CREATE INDEX tasks_ready ON tasks (namespace, priority DESC, ready_at) WHERE state = 'ready';

CREATE TABLE attempts (
    uid text PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    ordinal bigint NOT NULL,
    workflow_uid text NOT NULL REFERENCES workflows ON DELETE CASCADE,
    workflow text NOT NULL,
    task_uid text NOT NULL REFERENCES tasks ON DELETE CASCADE,
    task text NOT NULL,
    revision bigint NOT NULL CHECK (revision >= 1),
    number bigint NOT NULL CHECK (number >= 1),
    worker text NOT NULL,
    token_digest text NOT NULL,
    state text NOT NULL CHECK (state IN ('live', 'completed', 'failed', 'parked', 'lost', 'cancelled')),
    category text,
    message text,
    usage jsonb NOT NULL,
    announced text,
    commit text,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    lease_until timestamptz,
    resource_version bigint NOT NULL,
    UNIQUE (namespace, name),
    UNIQUE (task_uid, number),
    CHECK ((state = 'live') = (finished_at IS NULL)),
    CHECK (state <> 'live' OR lease_until IS NOT NULL)
);
CREATE INDEX attempts_workflow ON attempts (workflow_uid);
CREATE INDEX attempts_token ON attempts (token_digest);
CREATE UNIQUE INDEX attempts_one_live ON attempts (task_uid) WHERE state = 'live';
CREATE INDEX attempts_lease ON attempts (lease_until) WHERE state = 'live';
CREATE INDEX attempts_worker ON attempts (worker) WHERE state = 'live';

CREATE TABLE handoffs (
    uid text PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    ordinal bigint NOT NULL,
    workflow_uid text NOT NULL REFERENCES workflows ON DELETE CASCADE,
    workflow text NOT NULL,
    task_uid text NOT NULL REFERENCES tasks ON DELETE CASCADE,
    task text NOT NULL,
    attempt_uid text NOT NULL UNIQUE REFERENCES attempts ON DELETE CASCADE,
    stage text NOT NULL,
    role text NOT NULL,
    revision bigint NOT NULL CHECK (revision >= 1),
    summary text NOT NULL,
    completion text NOT NULL CHECK (completion IN ('full', 'blocked')),
    resolution text CHECK (resolution IN ('approved', 'rejected', 'blocked', 'request_changes')),
    body jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    resource_version bigint NOT NULL,
    UNIQUE (namespace, name)
);
CREATE INDEX handoffs_workflow ON handoffs (workflow_uid);

CREATE TABLE gates (
    uid text PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    ordinal bigint NOT NULL,
    workflow_uid text NOT NULL REFERENCES workflows ON DELETE CASCADE,
    workflow text NOT NULL,
    stage text NOT NULL,
    state text NOT NULL CHECK (state IN ('awaiting', 'approved', 'rejected', 'blocked', 'expired', 'superseded',
        'changes_requested')),
    question text NOT NULL,
    digest text NOT NULL,
    approvers jsonb NOT NULL,
    count bigint NOT NULL CHECK (count >= 1),
    votes jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    due_at timestamptz,
    decided_at timestamptz,
    resource_version bigint NOT NULL,
    UNIQUE (namespace, name),
    CHECK ((state = 'awaiting') = (decided_at IS NULL))
);
CREATE INDEX gates_workflow ON gates (workflow_uid);
CREATE UNIQUE INDEX gates_one_open ON gates (workflow_uid, stage) WHERE state = 'awaiting';
CREATE INDEX gates_due ON gates (due_at) WHERE state = 'awaiting';

CREATE TABLE escalations (
    uid text PRIMARY KEY,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    ordinal bigint NOT NULL,
    workflow_uid text NOT NULL REFERENCES workflows ON DELETE CASCADE,
    workflow text NOT NULL,
    stage text,
    task_uid text REFERENCES tasks ON DELETE CASCADE,
    task text,
    state text NOT NULL CHECK (state IN ('open', 'answered', 'cancelled')),
    "to" text NOT NULL,
    reason text NOT NULL,
    question text NOT NULL,
    answer text,
    answered_by text,
    created_at timestamptz NOT NULL,
    resource_version bigint NOT NULL,
    UNIQUE (namespace, name),
    CHECK ((state = 'answered') = (answered_by IS NOT NULL))
);
CREATE INDEX escalations_workflow ON escalations (workflow_uid);

-- The fleet.
CREATE TABLE runtimes (
    uid text PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    pool text NOT NULL,
    token_digest text NOT NULL UNIQUE,
    state text NOT NULL CHECK (state IN ('provisioned', 'running', 'draining', 'gone')),
    message text,
    created_at timestamptz NOT NULL,
    resource_version bigint NOT NULL
);

CREATE TABLE workers (
    uid text PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    pool text NOT NULL,
    runtime text NOT NULL,
    namespaces jsonb NOT NULL,
    tags jsonb NOT NULL,
    commands jsonb NOT NULL,
    slots bigint NOT NULL CHECK (slots >= 1),
    state text NOT NULL
        CHECK (state IN ('online', 'busy', 'draining', 'degraded', 'disconnected', 'offline')),
    version text NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    token_digest text NOT NULL UNIQUE,
    resource_version bigint NOT NULL
);

-- The log.
CREATE TABLE events (
    position bigint PRIMARY KEY,
    time timestamptz NOT NULL,
    type text NOT NULL,
    namespace text COLLATE "C",
    subject_kind text NOT NULL,
    subject_name text NOT NULL,
    subject_uid text,
    workflow_uid text,
    workflow text,
    actor text NOT NULL,
    cause bigint,
    data jsonb NOT NULL,
    schema_version bigint NOT NULL
);
CREATE INDEX events_workflow ON events (workflow_uid, position) WHERE workflow_uid IS NOT NULL;
CREATE INDEX events_namespace ON events (namespace, position);

CREATE TABLE changes (
    position bigint PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    uid text NOT NULL,
    act text NOT NULL CHECK (act IN ('put', 'removed')),
    labels_before jsonb,
    image jsonb,
    time timestamptz NOT NULL,
    CHECK (act = 'put' OR image IS NOT NULL)
);
CREATE INDEX changes_time ON changes (time);

-- Work to do. The rank is the due time moved by the priority, so that waiting makes a key more urgent.
CREATE TABLE keys (
    kind text COLLATE "C" NOT NULL,
    namespace text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    priority bigint NOT NULL,
    due timestamptz NOT NULL,
    rank timestamptz NOT NULL,
    generation bigint NOT NULL,
    claimed_generation bigint,
    fence bigint,
    lease_until timestamptz,
    claimed_by text,
    failures bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, namespace, name),
    CHECK ((claimed_generation IS NULL) = (fence IS NULL)),
    CHECK ((claimed_generation IS NULL) = (lease_until IS NULL))
);
CREATE INDEX keys_rank ON keys (rank);

-- What was answered already and must not be done twice.
CREATE TABLE requests (
    scope text NOT NULL,
    request_id text NOT NULL,
    content text NOT NULL,
    answer jsonb NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (scope, request_id)
);
CREATE INDEX requests_time ON requests (time);

CREATE TABLE decisions_done (
    source text NOT NULL,
    name text NOT NULL,
    digest text NOT NULL,
    time timestamptz NOT NULL,
    PRIMARY KEY (source, name, digest)
);

CREATE TABLE task_logs (
    cursor bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    attempt_uid text NOT NULL REFERENCES attempts ON DELETE CASCADE,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    time timestamptz NOT NULL,
    source text NOT NULL,
    message text NOT NULL,
    data jsonb,
    PRIMARY KEY (attempt_uid, sequence)
);
