import Domain
import Support

/// A run that the benchmark changes by hand, with the events that a command would have made.
///
/// The Store writes what it is given; the rules of a run are not what is measured here.
struct RunDraft {
    private(set) var run: Run
    private var events: [RunEvent] = []
    private var leases: [UID: Duration] = [:]
    private let newUID: @Sendable () -> UID

    init(_ run: Run, newUID: @escaping @Sendable () -> UID) {
        self.run = run
        self.newUID = newUID
    }

    /// An active run with one work item and some ready tasks.
    init(beginning workflow: WorkflowRecord, tasks: Int, newUID: @escaping @Sendable () -> UID) throws {
        self.init(Run(workflow: workflow), newUID: newUID)
        run.workflow.phase = .active
        try note("workflow.created", run.workflow, Value(encoding: run.workflow))
        let item = WorkItemRecord(
            uid: newUID(),
            namespace: workflow.namespace,
            name: "\(workflow.name)-item",
            ordinal: run.nextOrdinal,
            workflowUID: workflow.uid,
            workflow: workflow.name,
            stage: "build",
            declaredItem: nil,
            title: "T",
            goal: "G",
            acceptance: nil,
            createdAt: workflow.createdAt
        )
        try add("workitem.created", item, to: \.items)
        for _ in 0..<tasks { try addTask(of: item) }
    }

    var change: RunChange {
        RunChange(
            run: run,
            events: events,
            status: ["phase": .string(run.workflow.phase.rawValue)],
            leases: leases
        )
    }

    /// Gives a task to a worker; answers the attempt's uid.
    mutating func claim(_ task: TaskRecord, worker: String, at now: Timestamp) throws -> UID {
        let attempt = AttemptRecord(
            uid: newUID(),
            name: "\(task.name)-a\(task.attempts + 1)",
            ordinal: run.nextOrdinal,
            task: task,
            number: task.attempts + 1,
            worker: worker,
            tokenDigest: Digest("token:\(newUID())"),
            createdAt: now
        )
        try update("task.state_changed", \.tasks, task.uid) {
            $0.state = .claimed
            $0.attempts += 1
        }
        try add("attempt.created", attempt, to: \.attempts)
        leases[attempt.uid] = .seconds(300)
        return attempt.uid
    }

    /// Ends a live attempt and its task with a handoff.
    mutating func complete(_ attempt: UID, at now: Timestamp) throws {
        guard let held = run.attempts.first(where: { $0.uid == attempt }),
            let task = run.tasks.first(where: { $0.uid == held.taskUID })
        else { throw BenchmarkError("an attempt is not in its run") }
        try update("attempt.state_changed", \.attempts, attempt) {
            $0.state = .completed
            $0.finishedAt = now
        }
        try update("task.state_changed", \.tasks, task.uid) { $0.state = .completed }
        let handoff = Handoff(summary: "done", completion: .full, resolution: nil, body: [:])
        let record = HandoffRecord(
            uid: newUID(),
            name: "\(held.name)-handoff",
            ordinal: run.nextOrdinal,
            task: task,
            attempt: held,
            handoff: handoff,
            createdAt: now
        )
        try add("handoff.created", record, to: \.handoffs)
    }

    private mutating func addTask(of item: WorkItemRecord) throws {
        let ordinal = run.nextOrdinal
        var task = TaskRecord(
            uid: newUID(),
            namespace: item.namespace,
            name: "\(item.workflow)-task-\(ordinal)",
            ordinal: ordinal,
            item: item,
            role: "builder",
            purpose: .delivery,
            priority: 0,
            dependsOn: [],
            subject: nil,
            createdAt: item.createdAt
        )
        task.state = .ready
        task.readyAt = item.createdAt
        try add("task.created", task, to: \.tasks)
    }

    private mutating func add<Record: RunRecord>(
        _ type: String,
        _ record: Record,
        to list: WritableKeyPath<Run, [Record]>
    ) throws {
        run[keyPath: list].append(record)
        try note(type, record, Value(encoding: record))
    }

    private mutating func update<Record: RunRecord>(
        _ type: String,
        _ list: WritableKeyPath<Run, [Record]>,
        _ uid: UID,
        _ body: (inout Record) -> Void
    ) throws {
        guard let index = run[keyPath: list].firstIndex(where: { $0.uid == uid }) else {
            throw BenchmarkError("a record is not in its run")
        }
        let before = run[keyPath: list][index]
        body(&run[keyPath: list][index])
        let after = run[keyPath: list][index]
        try note(type, after, Value(encoding: after).mergePatch(from: Value(encoding: before)))
    }

    private mutating func note<Record: RunRecord>(_ type: String, _ record: Record, _ facts: Value) throws {
        let subject = FactKey(kind: Record.kind, uid: record.uid)
        events.append(RunEvent(type: type, subject: subject, name: record.name, facts: facts))
    }
}
