import Domain
import Store
import Support
import Synchronization

/// Runs with ready tasks in a store, and workers that claim and complete them.
struct StoreLoad: Sendable {
    let store: Store
    private let uids = UIDs()

    init(_ store: Store) { self.store = store }

    /// Declares Workflows and begins their runs, each with some ready tasks; `prefix` begins their names.
    func prepare(_ prefix: String, runs: Int, tasksPerRun: Int) async throws {
        for number in 0..<runs { try await begin("\(prefix)-\(number)", tasks: tasksPerRun) }
    }

    /// Claims and completes until nothing is left; answers how many tasks that were.
    func work(workers: Int) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<workers { group.addTask { try await work(as: "worker-\(number)") } }
            return try await group.reduce(0, +)
        }
    }

    /// Declares something that no controller looks at; answers the position that readers must have passed.
    func write(_ name: String, text: String) async throws -> Position {
        try await store.applyOne(
            declared("Skill", name, spec: ["text": .string(text)]),
            mode: .apply,
            actor: "unix:0",
            newUID: { uids.next() }
        ).1
    }

    private func work(as worker: String) async throws -> Int {
        var count = 0
        while true {
            let ticket = store.bellTicket()
            guard let (run, attempt) = try await claim(as: worker) else {
                // What is left may belong to runs that others are writing to: their commit rings.
                if try await store.fleetCounts().readyTasks.isEmpty { return count }
                await store.waitBell(after: ticket, deadline: .milliseconds(100))
                continue
            }
            try await store.transact(run, actor: "worker:\(worker)") { run, _, now in
                var draft = RunDraft(run, newUID: { uids.next() })
                try draft.complete(attempt, at: now)
                return (draft.change, true)
            }
            count += 1
        }
    }

    private func claim(as worker: String) async throws -> (run: UID, attempt: UID)? {
        try await store.claimTask(namespaces: ["default"], tags: [], actor: "worker:\(worker)") {
            run,
            _,
            task,
            now in
            var draft = RunDraft(run, newUID: { uids.next() })
            let attempt = try draft.claim(task, worker: worker, at: now)
            return (draft.change, (run.workflow.uid, attempt))
        }
    }

    private func begin(_ name: String, tasks: Int) async throws {
        let (stored, _) = try await store.applyOne(
            declared("Workflow", name, spec: ["text": "one"]),
            mode: .create,
            actor: "unix:0",
            newUID: { uids.next() }
        )
        guard let uid = stored.object.metadata.uid, let now = stored.object.metadata.creationTimestamp else {
            throw BenchmarkError("an object has no identity")
        }
        let workflow = WorkflowRecord(
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
        let draft = try RunDraft(beginning: workflow, tasks: tasks, newUID: { uids.next() })
        try await store.beginRun(draft.change, pin: Self.pins, fence: nil, actor: "benchmarks")
    }

    private func declared(_ kind: String, _ name: String, spec: Value) -> Declared {
        Declared(
            object: Object(kind: kind, metadata: Metadata(name: name, namespace: "default"), spec: spec),
            digest: Digest("text:\(spec.canonicalJSON)"),
            origin: Origin(appliedBy: "unix:0"),
            references: []
        )
    }

    private static let pins: (Digest, Value) = (
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
}

/// New uids for everybody who works on a store.
private final class UIDs: Sendable {
    private let generator = Mutex(SeededGenerator.random())

    func next() -> UID { generator.withLock { $0.uid() } }
}
