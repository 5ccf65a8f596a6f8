import Domain
import Support
import Synchronization

@testable import Store

/// Uids and names for one test, from a seed that a failure prints.
final class Fixture: Sendable {
    let seed: UInt64
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64 = UInt64.random(in: 1...999_999_999)) {
        self.seed = seed
        generator = Mutex(SeededGenerator(seed: seed))
    }

    func uid() -> UID { generator.withLock { $0.uid() } }
    func number(in range: Range<Int>) -> Int { generator.withLock { Int.random(in: range, using: &$0) } }
    func pick<Element: Sendable>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[number(in: 0..<elements.count)]
    }

    /// A declared object whose digest follows from its spec.
    func declared(
        _ kind: String,
        _ name: String,
        namespace: String? = "default",
        spec: Value = ["text": "one"],
        labels: [String: String]? = nil,
        origin: Origin = Origin(appliedBy: "unix:0")
    ) -> Declared {
        var metadata = Metadata(name: name, namespace: namespace)
        metadata.labels = labels
        return Declared(
            object: Object(kind: kind, metadata: metadata, spec: spec),
            digest: Digest("text:\(spec.canonicalJSON)"),
            origin: origin,
            references: []
        )
    }

    func gitOrigin(_ source: String, line: Int = 3) -> Origin {
        Origin(
            gitSource: source,
            commit: CommitID(String(repeating: "a", count: 40)),
            path: "things.yaml",
            position: TextPosition(line: line, column: 1)
        )
    }

    func revision(_ steps: [ApplyStep], source: String = "main", commit: Character = "a") -> RevisionWrite {
        RevisionWrite(
            source: source,
            commit: CommitID(String(repeating: commit, count: 40)),
            author: "A",
            message: "M",
            steps: steps,
            declaredCount: steps.count,
            heldBackCount: 0,
            diagnostics: []
        )
    }

    func apply(
        _ declared: Declared,
        to store: Store,
        mode: ApplyMode = .apply
    ) async throws -> (Stored, Position) {
        try await store.applyOne(declared, mode: mode, actor: "unix:0", newUID: { self.uid() })
    }
}

/// A run that tests change by hand, with the events that a command would have made.
struct RunEdit {
    private(set) var run: Run
    private(set) var events: [RunEvent] = []
    var leases: [UID: Duration] = [:]
    var marks: [Mark] = []

    init(_ run: Run) { self.run = run }

    /// A run that begins, with one work item.
    init(beginning workflow: WorkflowRecord, uid: UID) throws {
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

    var result: RunChange {
        RunChange(
            run: run,
            events: events,
            status: ["phase": .string(run.workflow.phase.rawValue)],
            leases: leases,
            marks: marks
        )
    }

    mutating func change<Content>(
        _ path: WritableKeyPath<WorkflowRecord, Content>,
        to content: Content
    ) throws {
        let before = run.workflow
        run.workflow[keyPath: path] = content
        try note("workflow.changed", before, run.workflow)
    }

    mutating func add<Record: RunRecord>(_ record: Record, to list: WritableKeyPath<Run, [Record]>) throws {
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

    mutating func update<Record: RunRecord>(
        _ list: WritableKeyPath<Run, [Record]>,
        _ uid: UID,
        _ body: (inout Record) -> Void
    ) throws {
        guard let index = run[keyPath: list].firstIndex(where: { $0.uid == uid }) else { return }
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
    mutating func addTask(
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
    mutating func claim(
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
            tokenDigest: Digest("t"),
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
    mutating func complete(_ uid: UID, _ fixture: Fixture, body: Value = [:], at now: Timestamp) throws {
        guard let attempt = run.attempts.first(where: { $0.uid == uid }),
            let task = run.tasks.first(where: { $0.uid == attempt.taskUID })
        else { return }
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

extension Fixture {
    static let pins: (Digest, Value) = (
        Digest("sha256:pins"),
        [
            "playbookName": "p", "roles": [:], "skills": [:], "toolProfiles": [:], "runtimeProfiles": [:],
            "modelRoutes": [:], "modelProviders": [:],
            "playbook": [
                "displayName": "P", "version": "1", "outcome": "O", "lifecycle": "planned", "parameters": [],
                "roles": [], "stages": [], "instructions": "I", "orchestration": ["mode": "rules"],
                "limits": ["reworkPerTask": 10, "iterationsPerTask": 800, "modelRetries": 5],
                "retry": ["maxAttempts": 3, "backoff": "exponential", "categories": []],
            ],
            "workflow": ["playbookRef": ["name": "p"], "parameters": [:], "priority": 0, "state": "run"],
        ]
    )

    /// Declares a Workflow and begins its run with some ready tasks; answers its uid.
    func begin(
        _ name: String,
        tasks: Int = 0,
        in store: Store,
        _ body: (inout RunEdit) throws -> Void = { _ in }
    ) async throws -> UID {
        let (stored, _) = try await apply(declared("Workflow", name), to: store)
        guard let uid = stored.object.metadata.uid, let now = stored.object.metadata.creationTimestamp else {
            throw SupportError("an object without identity")
        }
        let record = WorkflowRecord(
            uid: uid,
            namespace: "default",
            name: name,
            generation: 1,
            desired: .run,
            playbook: "p",
            playbookVersion: "1",
            pin: Self.pins.0,
            parameters: [:],
            priority: 0,
            branch: nil,
            createdAt: now
        )
        var edit = try RunEdit(beginning: record, uid: self.uid())
        for _ in 0..<tasks { try edit.addTask(self, at: now) }
        try body(&edit)
        try await store.beginRun(edit.result, pin: Self.pins, fence: nil, actor: "test")
        return uid
    }

    /// Changes a run by hand.
    func change(
        _ uid: UID,
        in store: Store,
        _ body: @Sendable (inout RunEdit, Timestamp) throws -> Void
    ) async throws {
        try await store.transact(uid, actor: "test") { run, _, now in
            var edit = RunEdit(run)
            try body(&edit, now)
            return (edit.result, true)
        }
    }
}

extension Store {
    /// Runs a statement that is written in a test, for what no statement of the store may do.
    func raw(_ sql: String) async throws { _ = try await read { try $0.execute(TableStatement(sql: sql)) } }

    /// The first column of the first row.
    func rawText(_ sql: String) async throws -> String? {
        try await read {
            try $0.rows(TableStatement(sql: "SELECT (\(sql))::text AS answer")).first?.optional("answer")
        }
    }
}

/// The failure that an operation ends with; nil when it succeeds.
func failure(_ operation: () async throws -> Void) async -> Failure? {
    do { try await operation() } catch { return error as? Failure }
    return nil
}
