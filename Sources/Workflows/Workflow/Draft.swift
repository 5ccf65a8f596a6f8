import Domain

/// A run while a command is applied to it: every change is recorded as an event that folds into the rows.
struct Draft {
    private(set) var run: Run
    private(set) var events: [RunEvent] = []
    private(set) var leases: [UID: Duration] = [:]
    private var nextOrdinal: Int
    let pins: Pins
    let context: RuleContext

    init(run: Run, pins: Pins, context: RuleContext) {
        self.run = run
        self.pins = pins
        self.context = context
        nextOrdinal = run.nextOrdinal
    }

    /// Starts a run with its first record already in place, so that its creation is an event as well.
    init(creating run: Run, pins: Pins, context: RuleContext) throws {
        self.init(run: run, pins: pins, context: context)
        events.append(
            RunEvent(
                type: "workflow.created",
                subject: FactKey(kind: WorkflowRecord.kind, uid: run.workflow.uid),
                name: run.workflow.name,
                facts: try Value(encoding: run.workflow)
            )
        )
    }

    var now: Timestamp { context.now }

    /// Changes the run's own record.
    mutating func updateWorkflow(_ type: String, _ change: (inout WorkflowRecord) -> Void) throws {
        var workflow = run.workflow
        change(&workflow)
        guard workflow != run.workflow else { return }
        try record(type, before: run.workflow, after: workflow)
        run.workflow = workflow
    }

    /// Changes one record of a list; a record that stays equal makes no event.
    mutating func update<Record: RunRecord>(
        _ list: WritableKeyPath<Run, [Record]>,
        _ uid: UID,
        _ type: String,
        _ change: (inout Record) throws -> Void
    ) throws {
        guard let index = run[keyPath: list].firstIndex(where: { $0.uid == uid }) else {
            throw Refusal(.notFound, "the run has no \(Record.kind.lowercased()) \(uid)")
        }
        var record = run[keyPath: list][index]
        let before = record
        try change(&record)
        guard record != before else { return }
        try self.record(type, before: before, after: record)
        run[keyPath: list][index] = record
    }

    /// Adds a record made with the next ordinal.
    @discardableResult
    mutating func insert<Record: RunRecord>(
        _ list: WritableKeyPath<Run, [Record]>,
        _ type: String,
        _ make: (_ uid: UID, _ ordinal: Int) -> Record
    ) throws -> Record {
        let record = make(context.newUID(), nextOrdinal)
        nextOrdinal += 1
        events.append(
            RunEvent(
                type: type,
                subject: FactKey(kind: Record.kind, uid: record.uid),
                name: record.name,
                facts: try Value(encoding: record)
            )
        )
        run[keyPath: list].append(record)
        return record
    }

    /// How something new of the run is called; with a mark of the run when another run has the plain name.
    func name(_ parts: String...) -> String {
        liveName(parts, apart: context.isNameTaken ? run.workflow.uid.description : nil)
    }

    mutating func setLease(_ lease: Duration, of attempt: UID) { leases[attempt] = lease }

    private mutating func record<Record: RunRecord>(_ type: String, before: Record, after: Record) throws {
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

extension Draft {
    /// Moves a task along its machine, and refuses what the table does not allow.
    mutating func move(
        task: UID,
        _ event: TaskEvent,
        reason: ReasonCode? = nil,
        message: String? = nil,
        _ change: (inout TaskRecord) -> Void = { _ in }
    ) throws {
        let now = now
        try update(\.tasks, task, "task.state_changed") { record in
            record.state = try Machines.task.checked(event, in: record.state, of: "task/\(record.name)")
            record.reason = reason?.rawValue
            record.message = message
            if record.state == .ready { record.readyAt = now }
            change(&record)
        }
    }

    mutating func move(
        attempt: UID,
        _ event: AttemptEvent,
        _ change: (inout AttemptRecord) -> Void = { _ in }
    ) throws {
        let now = now
        try update(\.attempts, attempt, "attempt.state_changed") { record in
            record.state = try Machines.attempt.checked(event, in: record.state, of: "attempt/\(record.name)")
            record.finishedAt = now
            change(&record)
        }
    }

    mutating func move(
        stage: StageRecord,
        _ event: StageEvent,
        reason: ReasonCode? = nil,
        _ change: (inout StageRecord) -> Void = { _ in }
    ) throws {
        try update(\.stages, stage.uid, "stage.state_changed") { record in
            record.state = try Machines.stage.checked(event, in: record.state, of: "stage '\(record.name)'")
            record.reason = reason?.rawValue
            change(&record)
        }
    }

    mutating func move(
        item: UID,
        _ event: WorkItemEvent,
        reason: ReasonCode? = nil,
        _ change: (inout WorkItemRecord) -> Void = { _ in }
    ) throws {
        try update(\.items, item, "workitem.state_changed") { record in
            record.state = try Machines.workItem.checked(
                event,
                in: record.state,
                of: "workitem/\(record.name)"
            )
            record.reason = reason?.rawValue
            record.column = record.state.column
            if record.state != .open {
                record.nextActor = record.state == .completed ? nil : "human"
                record.nextAction = record.state == .completed ? nil : "answer"
            }
            change(&record)
        }
    }

    mutating func move(
        gate: UID,
        _ event: GateEvent,
        _ change: (inout GateRecord) -> Void = { _ in }
    ) throws {
        let now = now
        try update(\.gates, gate, "gate.decided") { record in
            record.state = try Machines.gate.checked(event, in: record.state, of: "gate/\(record.name)")
            record.decidedAt = now
            change(&record)
        }
    }

    mutating func move(
        escalation: UID,
        _ event: EscalationEvent,
        _ change: (inout EscalationRecord) -> Void = { _ in }
    ) throws {
        try update(\.escalations, escalation, "escalation.state_changed") { record in
            record.state = try Machines.escalation.checked(
                event,
                in: record.state,
                of: "escalation/\(record.name)"
            )
            change(&record)
        }
    }
}

extension WorkItemState {
    /// The board column an item of this state stands in.
    var column: String {
        switch self {
        case .open: "active"
        case .blocked, .escalated: "blocked"
        case .completed, .cancelled: "done"
        }
    }
}

extension Machine where State: RawRepresentable<String>, Event: RawRepresentable<String> {
    /// Where an event leads; *throws* a `Refusal` for one that is not allowed.
    func checked(_ event: Event, in state: State, of subject: String) throws -> State {
        guard let target = target(of: event, in: state) else {
            throw Refusal(
                .illegalTransition,
                "\(subject) is \(state.rawValue) and does not allow \(event.rawValue)"
            )
        }
        return target
    }
}
