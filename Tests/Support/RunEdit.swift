package import Domain

/// A run that is changed by hand, with the events that a command would have made.
///
/// The store writes what it is given; the rules of a run are not what its tests and benchmarks are about.
package struct RunEdit {
    package private(set) var run: Run
    private var events: [RunEvent] = []
    package var leases: [UID: Duration] = [:]
    package var marks: [Mark] = []

    /// An edit of a run that exists.
    package init(_ run: Run) { self.run = run }

    /// A run that begins, with one work item.
    package init(beginning workflow: WorkflowRecord, uid: UID) throws {
        run = Run(workflow: workflow)
        events = [
            RunEvent(
                type: "workflow.created",
                subject: FactKey(kind: "Workflow", uid: workflow.uid),
                name: workflow.name,
                facts: try Value(encoding: workflow)
            )
        ]
        try change(\.phase, to: .active)
        let name = "\(workflow.name)-item"
        try add(
            WorkItemRecord(
                uid: uid,
                namespace: workflow.namespace,
                name: name,
                ordinal: run.nextOrdinal,
                workflowUID: workflow.uid,
                workflow: workflow.name,
                stage: "build",
                declaredItem: nil,
                title: "T",
                goal: "G",
                acceptance: nil,
                createdAt: workflow.createdAt
            ),
            to: \.items
        )
    }

    /// What the store is to write.
    package var result: RunChange {
        RunChange(
            run: run,
            events: events,
            status: ["phase": .string(run.workflow.phase.rawValue)],
            leases: leases,
            marks: marks
        )
    }

    /// Changes a field of the workflow's record.
    package mutating func change<Content>(
        _ path: WritableKeyPath<WorkflowRecord, Content>,
        to content: Content
    ) throws {
        let before = run.workflow
        run.workflow[keyPath: path] = content
        try note("workflow.changed", before, run.workflow)
    }

    /// Adds a record to one of the run's lists.
    package mutating func add<Record: RunRecord>(
        _ record: Record,
        to list: WritableKeyPath<Run, [Record]>
    ) throws {
        run[keyPath: list].append(record)
        events.append(
            RunEvent(
                type: "test.created",
                subject: FactKey(kind: Record.kind, uid: record.uid),
                name: record.name,
                facts: try Value(encoding: record)
            )
        )
    }

    /// Changes a record of one of the run's lists.
    ///
    /// - Throws: `SupportError` when there is none of this uid.
    package mutating func update<Record: RunRecord>(
        _ list: WritableKeyPath<Run, [Record]>,
        _ uid: UID,
        _ body: (inout Record) -> Void
    ) throws {
        guard let index = run[keyPath: list].firstIndex(where: { $0.uid == uid }) else {
            throw SupportError("there is no \(Record.kind) \(uid) in the run")
        }
        let before = run[keyPath: list][index]
        body(&run[keyPath: list][index])
        try note("test.changed", before, run[keyPath: list][index])
    }

    private mutating func note<Record: RunRecord>(_ type: String, _ before: Record, _ after: Record) throws {
        let patch = try Value(encoding: after).mergePatch(from: try Value(encoding: before))
        events.append(
            RunEvent(
                type: type,
                subject: FactKey(kind: Record.kind, uid: after.uid),
                name: after.name,
                facts: patch
            )
        )
    }
}

extension RunEdit {
    /// Adds a ready task of a role; answers its uid.
    @discardableResult
    package mutating func addTask(
        _ fixture: Fixture,
        role: String = "builder",
        priority: Int = 0,
        at now: Timestamp
    ) throws -> UID {
        let ordinal = run.nextOrdinal
        var task = TaskRecord(
            uid: fixture.uid(),
            namespace: run.workflow.namespace,
            name: "\(run.workflow.name)-task-\(ordinal)",
            ordinal: ordinal,
            item: run.items[0],
            role: role,
            purpose: .delivery,
            priority: priority,
            dependsOn: [],
            subject: nil,
            createdAt: now
        )
        task.state = .ready
        task.readyAt = now
        try add(task, to: \.tasks)
        return task.uid
    }

    /// Claims a task; answers the attempt's uid.
    @discardableResult
    package mutating func claim(
        _ task: TaskRecord,
        _ fixture: Fixture,
        worker: String = "w",
        lease: Duration = .seconds(30),
        at now: Timestamp
    ) throws -> UID {
        let ordinal = run.nextOrdinal
        let number = run.attempts.filter { $0.taskUID == task.uid }.count + 1
        let attempt = AttemptRecord(
            uid: fixture.uid(),
            name: "\(task.name)-\(number)",
            ordinal: ordinal,
            task: task,
            number: number,
            worker: worker,
            tokenDigest: Digest("token:\(fixture.uid())"),
            createdAt: now
        )
        try update(\.tasks, task.uid) {
            $0.state = .claimed
            $0.attempts += 1
        }
        try add(attempt, to: \.attempts)
        leases[attempt.uid] = lease
        return attempt.uid
    }

    /// Ends a live attempt and its task with a handoff.
    package mutating func complete(
        _ uid: UID,
        _ fixture: Fixture,
        body: Value = [:],
        at now: Timestamp
    ) throws {
        guard let attempt = run.attempts.first(where: { $0.uid == uid }),
            let task = run.tasks.first(where: { $0.uid == attempt.taskUID })
        else { throw SupportError("there is no attempt \(uid) in the run") }
        try update(\.attempts, uid) {
            $0.state = .completed
            $0.finishedAt = now
        }
        try update(\.tasks, task.uid) { $0.state = .completed }
        let ordinal = run.nextOrdinal
        let handoff = Handoff(summary: "done", completion: .full, resolution: nil, body: body)
        try add(
            HandoffRecord(
                uid: fixture.uid(),
                name: "\(attempt.name)-handoff",
                ordinal: ordinal,
                task: task,
                attempt: attempt,
                handoff: handoff,
                createdAt: now
            ),
            to: \.handoffs
        )
    }
}
