import Domain
import Store
import Support

/// Runs with ready tasks in a store, and workers that claim and complete them.
struct StoreLoad: Sendable {
    let store: Store
    private let fixture = Fixture()

    init(_ store: Store) { self.store = store }

    /// Declares Workflows and begins their runs, each with some ready tasks; `prefix` begins their names.
    func prepare(_ prefix: String, runs: Int, tasksPerRun: Int) async throws {
        for number in 0..<runs {
            _ = try await fixture.begin("\(prefix)-\(number)", tasks: tasksPerRun, in: store)
        }
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
        try await fixture.apply(fixture.declared("Skill", name, spec: ["text": .string(text)]), to: store).1
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
            try await fixture.change(run, in: store) { edit, now in
                try edit.complete(attempt, fixture, at: now)
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
            var edit = RunEdit(run)
            let attempt = try edit.claim(task, fixture, worker: worker, lease: .seconds(300), at: now)
            return (edit.result, (run.workflow.uid, attempt))
        }
    }
}
