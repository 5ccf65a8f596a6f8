import Domain
import Support
import Testing

@testable import Store

@Suite struct ClaimTests {
    private let fixture = Fixture()

    private func claim(
        _ store: Store,
        worker: String = "w",
        namespaces: [String] = ["default"],
        tags: [String] = [],
        lease: Duration = .seconds(30),
        where isWanted: @escaping @Sendable (TaskRecord) -> Bool = { _ in true }
    ) async throws -> UID? {
        try await store.claimTask(namespaces: namespaces, tags: tags, actor: "worker:\(worker)") {
            run,
            _,
            task,
            now in
            guard isWanted(task) else { return nil }
            var edit = RunEdit(run)
            try edit.claim(task, fixture, worker: worker, lease: lease, at: now)
            return (edit.result, task.uid)
        }
    }

    @Test func `a hundred tasks go to eight claimers, each once`() async throws {
        try await withStore(connections: 8) { store in
            var expected: Set<UID> = []
            for index in 0..<5 {
                let uid = try await fixture.begin("run-\(index)", tasks: 20, in: store)
                expected.formUnion(try #require(try await store.run(uid)).0.tasks.map(\.uid))
            }
            let claimed = try await withThrowingTaskGroup(of: [UID].self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        var mine: [UID] = []
                        while true {
                            let ticket = store.bellTicket()
                            if let task = try await claim(store, worker: "w\(worker)") {
                                mine.append(task)
                                continue
                            }
                            if try await store.fleetCounts().readyTasks.isEmpty { return mine }
                            // Every run was being written to: its commit rings.
                            await store.waitBell(after: ticket, deadline: .seconds(1))
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 100)
            #expect(Set(claimed) == expected)
        }
    }

    @Test func `the best task comes first, and only what a worker may have`() async throws {
        try await withStore { store in
            _ = try await fixture.begin("run", in: store) { edit in
                let now = edit.run.workflow.createdAt
                try edit.addTask(fixture, role: "low", priority: 1, at: now)
                try edit.addTask(fixture, role: "late", priority: 5, at: now + .seconds(1))
                try edit.addTask(fixture, role: "best", priority: 5, at: now)
                let later = try edit.addTask(fixture, role: "backing-off", priority: 9, at: now)
                try edit.update(\.tasks, later) { $0.notBefore = now + .seconds(600) }
            }
            #expect(try await claim(store, namespaces: ["other"]) == nil)
            #expect(try await claim(store, tags: ["default/role:nobody"]) == nil)
            var order: [String] = []
            for _ in 0..<4 {
                let uid = try await claim(
                    store,
                    tags: [
                        "default/role:low", "default/role:late", "default/role:best",
                        "default/role:backing-off",
                    ]
                )
                guard let uid else { break }
                let object = try await store.rawText("SELECT role FROM tasks WHERE uid = '\(uid)'")
                order.append(object ?? "")
            }
            #expect(order == ["best", "late", "low"])
        }
    }

    @Test func `tasks that became ready at once go in the order they were made in`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 12, in: store)
            let made = try #require(try await store.run(uid)).0.tasks.sorted { $0.ordinal < $1.ordinal }
            var claimed: [UID] = []
            while let task = try await claim(store) { claimed.append(task) }
            #expect(claimed == made.map(\.uid))
        }
    }

    @Test func `a task that the body passes over does not hide the next one`() async throws {
        try await withStore { store in
            _ = try await fixture.begin("run", tasks: 3, in: store)
            let all = try await store.list(ObjectQuery(kind: "Task", namespace: nil), limit: 10).objects
            let last = try #require(all.last?.metadata.uid)
            #expect(try await claim(store) { $0.uid == last } == last)
            #expect(try await claim(store) { _ in false } == nil)
        }
    }

    @Test func `runs that cannot go on hold up no other one, however many tasks of theirs are ready`()
        async throws
    {
        try await withStore { store in
            for index in 0..<3 { _ = try await fixture.begin("stuck-\(index)", tasks: 20, in: store) }
            let uid = try await fixture.begin("free", tasks: 1, in: store)
            let free = try #require(try await store.run(uid)?.0.tasks.first?.uid)
            #expect(try await claim(store) { $0.workflow == "free" } == free)
        }
    }

    @Test func `a paused run gives no task away`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 1, in: store)
            try await fixture.change(uid, in: store) { edit, _ in try edit.change(\.phase, to: .paused) }
            #expect(try await claim(store) == nil)
            #expect(try await store.fleetCounts().readyTasks.isEmpty)
        }
    }

    @Test func `leases are renewed for their worker while they run and found when they have run out`()
        async throws
    {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 2, in: store)
            _ = try #require(try await claim(store, worker: "a", lease: .seconds(30)))
            _ = try #require(try await claim(store, worker: "a", lease: .zero))
            let attempts = try #require(try await store.run(uid)).0.attempts
            let (live, gone) = (attempts[0].uid, attempts[1].uid)
            #expect(try await store.expiredLeases(limit: 10).map(\.uid) == [gone])
            #expect(try await store.expiredLeases(limit: 10).first?.workflowUID == uid)
            let states = try await store.renewLeases(worker: "a", [live, gone], lease: .seconds(60))
            #expect(states == [live: .live, gone: .lost])
            #expect(try await store.renewLeases(worker: "b", [live], lease: .seconds(60)) == [:])
            #expect(try await store.workflowOf(attempt: live) == uid)
            #expect(try await store.fleetCounts().liveAttempts == ["a": 2])
        }
    }

    @Test func `a gate is due when its time is over, and a stage has one open gate`() async throws {
        try await withStore { store in
            @Sendable func gate(_ edit: RunEdit, _ name: String, due: Timestamp?) -> GateRecord {
                GateRecord(
                    uid: fixture.uid(),
                    namespace: "default",
                    name: name,
                    ordinal: edit.run.nextOrdinal,
                    workflowUID: edit.run.workflow.uid,
                    workflow: edit.run.workflow.name,
                    stage: "build",
                    question: "Q",
                    digest: Digest("d"),
                    approvers: ["unix:0"],
                    count: 1,
                    createdAt: edit.run.workflow.createdAt,
                    dueAt: due
                )
            }
            let uid = try await fixture.begin("run", in: store) { edit in
                try edit.add(gate(edit, "gate-1", due: edit.run.workflow.createdAt), to: \.gates)
            }
            #expect(try await store.dueGates(limit: 10).map(\.workflowUID) == [uid])
            let second = await failure {
                try await fixture.change(uid, in: store) { edit, _ in
                    try edit.add(gate(edit, "gate-2", due: nil), to: \.gates)
                }
            }
            #expect(second?.code == .alreadyExists)
        }
    }
}
