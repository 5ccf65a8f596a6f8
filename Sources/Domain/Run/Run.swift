/// Everything a run consists of, as rows hold it; each list is sorted by ordinal.
package struct Run: Sendable, Hashable {
    package var workflow: WorkflowRecord
    package var stages: [StageRecord]
    package var items: [WorkItemRecord]
    package var tasks: [TaskRecord]
    package var attempts: [AttemptRecord]
    package var handoffs: [HandoffRecord]
    package var gates: [GateRecord]
    package var escalations: [EscalationRecord]

    /// A run of its rows.
    package init(
        workflow: WorkflowRecord,
        stages: [StageRecord] = [],
        items: [WorkItemRecord] = [],
        tasks: [TaskRecord] = [],
        attempts: [AttemptRecord] = [],
        handoffs: [HandoffRecord] = [],
        gates: [GateRecord] = [],
        escalations: [EscalationRecord] = []
    ) {
        self.workflow = workflow
        self.stages = stages
        self.items = items
        self.tasks = tasks
        self.attempts = attempts
        self.handoffs = handoffs
        self.gates = gates
        self.escalations = escalations
    }
}

extension Run {
    /// One more than the highest ordinal of its records, so that ordinals follow the order of creation.
    package var nextOrdinal: Int {
        let newest = [
            stages.last?.ordinal, items.last?.ordinal, tasks.last?.ordinal, attempts.last?.ordinal,
            handoffs.last?.ordinal, gates.last?.ordinal, escalations.last?.ordinal,
        ]
        return (newest.compactMap { $0 }.max() ?? 0) + 1
    }
}

/// Which row of a run a fact belongs to.
package struct FactKey: Sendable, Hashable, Comparable {
    package let kind: String
    package let uid: UID

    /// A key of its parts.
    package init(kind: String, uid: UID) {
        self.kind = kind
        self.uid = uid
    }

    package static func < (left: FactKey, right: FactKey) -> Bool {
        (left.kind, left.uid) < (right.kind, right.uid)
    }
}

extension Run {
    /// The facts of every row: what a fold of the run's events must equal.
    ///
    /// *Throws* `EncodingError`, which no record can cause.
    package func facts() throws -> [FactKey: Value] {
        var facts: [FactKey: Value] = [:]
        func add<Record: RunRecord>(_ records: [Record]) throws {
            for record in records {
                facts[FactKey(kind: Record.kind, uid: record.uid)] = try Value(encoding: record)
            }
        }
        try add([workflow])
        try add(stages)
        try add(items)
        try add(tasks)
        try add(attempts)
        try add(handoffs)
        try add(gates)
        try add(escalations)
        return facts
    }
}
