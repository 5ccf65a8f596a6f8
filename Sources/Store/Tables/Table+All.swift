internal import Domain

extension Table {
    static let workflows = Table(
        "workflows",
        text: [
            "uid", "namespace", "name", "phase", "reason", "message", "desired", "held", "playbook",
            "playbook_version", "pin", "current_stage", "branch", "head",
        ],
        bigint: ["ordinal", "observed_generation", "priority"],
        jsonb: ["parameters", "spend", "callouts", "conditions"],
        timestamptz: ["created_at", "finished_at"]
    )

    static let stages = Table(
        "stages",
        text: ["uid", "name", "workflow_uid", "state", "reason"],
        bigint: ["ordinal", "index", "cycles"]
    )

    static let workItems = Table(
        "work_items",
        text: [
            "uid", "namespace", "name", "workflow_uid", "workflow", "stage", "declared_item", "title", "goal",
            "acceptance", "state", "column", "next_actor", "next_action", "reason",
        ],
        bigint: ["ordinal", "rework_count"],
        timestamptz: ["created_at"],
        position: ["resource_version"],
        volatile: ["resource_version"]
    )

    static let tasks = Table(
        "tasks",
        text: [
            "uid", "namespace", "name", "workflow_uid", "workflow", "work_item_uid", "work_item", "stage",
            "role",
            "purpose", "routing_tag", "state", "reason", "message",
        ],
        bigint: ["ordinal", "priority", "revision", "attempts", "failures"],
        jsonb: ["depends_on", "subject", "feedback"],
        timestamptz: ["created_at", "ready_at", "not_before"],
        position: ["resource_version"],
        volatile: ["resource_version"]
    )

    static let attempts = Table(
        "attempts",
        text: [
            "uid", "namespace", "name", "workflow_uid", "workflow", "task_uid", "task", "worker",
            "token_digest",
            "state", "category", "message", "announced", "commit",
        ],
        bigint: ["ordinal", "revision", "number"],
        jsonb: ["usage"],
        timestamptz: ["created_at", "started_at", "finished_at", "lease_until"],
        position: ["resource_version"],
        volatile: ["lease_until", "resource_version"]
    )

    static let handoffs = Table(
        "handoffs",
        text: [
            "uid", "namespace", "name", "workflow_uid", "workflow", "task_uid", "task", "attempt_uid",
            "stage",
            "role", "summary", "completion", "resolution",
        ],
        bigint: ["ordinal", "revision"],
        jsonb: ["body"],
        timestamptz: ["created_at"],
        position: ["resource_version"],
        volatile: ["resource_version"]
    )

    static let gates = Table(
        "gates",
        text: [
            "uid", "namespace", "name", "workflow_uid", "workflow", "stage", "state", "question", "digest",
        ],
        bigint: ["ordinal", "count"],
        jsonb: ["approvers", "votes"],
        timestamptz: ["created_at", "due_at", "decided_at"],
        position: ["resource_version"],
        volatile: ["resource_version"]
    )

    static let escalations = Table(
        "escalations",
        text: [
            "uid", "namespace", "name", "workflow_uid", "workflow", "stage", "task_uid", "task", "state",
            "to",
            "reason", "question", "answer", "answered_by",
        ],
        bigint: ["ordinal"],
        timestamptz: ["created_at"],
        position: ["resource_version"],
        volatile: ["resource_version"]
    )

    static let runtimes = Table(
        "runtimes",
        text: ["uid", "name", "pool", "token_digest", "state", "message"],
        timestamptz: ["created_at", "changed_at"],
        position: ["resource_version"],
        volatile: ["changed_at", "resource_version"]
    )

    static let workers = Table(
        "workers",
        text: ["uid", "name", "pool", "runtime", "state", "version", "token_digest"],
        bigint: ["slots"],
        jsonb: ["namespaces", "tags", "commands"],
        timestamptz: ["created_at", "last_seen_at"],
        position: ["resource_version"],
        volatile: ["last_seen_at", "token_digest", "resource_version"]
    )

    static let revisions = Table(
        "revisions",
        text: ["uid", "name", "source", "commit", "author", "message", "phase", "failure"],
        bigint: ["attempt", "declared", "held_back", "created", "changed", "unchanged", "removed"],
        jsonb: ["diagnostics"],
        timestamptz: ["created_at", "finished_at"],
        position: ["resource_version"],
        volatile: ["resource_version"]
    )

    static let objects = Table(
        "objects",
        text: ["uid", "kind", "namespace", "name", "digest", "source"],
        bigint: ["generation"],
        jsonb: ["labels", "annotations", "spec", "origin", "status"],
        timestamptz: ["created_at", "deletion_at"],
        position: ["resource_version"],
        volatile: ["resource_version"]
    )

    static let events = Table(
        "events",
        text: [
            "type", "namespace", "subject_kind", "subject_name", "subject_uid", "workflow_uid", "workflow",
            "actor",
        ],
        bigint: ["schema_version"],
        jsonb: ["data"],
        timestamptz: ["time"],
        position: ["position", "cause"]
    )

    static let changes = Table(
        "changes",
        text: ["kind", "namespace", "name", "uid", "act"],
        jsonb: ["labels_before", "image"],
        timestamptz: ["time"],
        position: ["position"]
    )

    /// Every table that is described here; a test compares them with the database.
    static let all: [Table] = [
        workflows, stages, workItems, tasks, attempts, handoffs, gates, escalations, runtimes, workers,
        revisions,
        objects, events, changes,
    ]
}
