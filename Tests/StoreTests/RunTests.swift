import Domain
import Support
import Testing

@testable import Store

@Suite struct RunTests {
    private let fixture = Fixture()

    @Test func `a run begins once and is read back as it was written`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 2, in: store)
            let (run, pins) = try #require(try await store.run(uid))
            #expect(run.tasks.count == 2)
            #expect(run.workflow.phase == .active)
            #expect(pins.playbookName == "p")
            let again = await failure {
                var edit = RunEdit(run)
                try edit.change(\.message, to: "again")
                try await store.beginRun(edit.result, pin: Fixture.pins, fence: nil, actor: "test")
            }
            #expect(again?.code == .alreadyExists)
            let declared = try await store.stored(ObjectKey("Workflow", namespace: "default", name: "run"))
            #expect(declared?.object.status == ["phase": "active"])
        }
    }

    /// Any walk through a run: its events fold into the facts of its rows.
    @Test(arguments: [UInt64(1), 2, 3, UInt64.random(in: 1...999_999_999)])
    func `the events of a run fold into its rows`(seed: UInt64) async throws {
        let fixture = Fixture(seed: seed)
        try await withStore { store in
            let uid = try await fixture.begin("walk", tasks: 3, in: store)
            for _ in 0..<60 {
                try await fixture.change(uid, in: store) { edit, now in try step(&edit, fixture, now) }
            }
            #expect(try await store.audit(uid) == [], "seed \(seed)")
            #expect(try await store.run(uid)?.0.handoffs.isEmpty == false, "seed \(seed)")
        }
    }

    private func step(_ edit: inout RunEdit, _ fixture: Fixture, _ now: Timestamp) throws {
        let live = fixture.pick(edit.run.attempts.filter { $0.state == .live })
        let ready = fixture.pick(edit.run.tasks.filter { $0.state == .ready })
        switch fixture.number(in: 0..<9) {
        case 0: try edit.addTask(fixture, at: now)
        case 1, 2: if let ready { try edit.claim(ready, fixture, at: now) }
        case 3:
            guard let live else { return }
            try edit.complete(
                live.uid,
                fixture,
                body: ["text": "a\u{0}b \\u0000 ü", "number": .number(1e21)],
                at: now
            )
        case 4:
            guard let live else { return }
            try edit.update(\.attempts, live.uid) {
                $0.state = .lost
                $0.finishedAt = now
            }
            try edit.update(\.tasks, live.taskUID) {
                $0.state = .ready
                $0.readyAt = now
                $0.failures += 1
            }
        case 5:
            guard let live else { return }
            try edit.update(\.attempts, live.uid) { attempt in
                attempt.usage = Usage(inputTokens: 7, cost: USD(nanodollars: 123))
                attempt.startedAt = attempt.startedAt == nil ? now : nil
            }
        case 6:
            try edit.change(\.message, to: edit.run.workflow.message == nil ? "m" : nil)
            try edit.update(\.items, edit.run.items[0].uid) { $0.nextActor = $0.nextActor == nil ? "x" : nil }
        case 7:
            let now = fixture.pick([nil, now])
            if let ready {
                try edit.update(\.tasks, ready.uid) {
                    $0.notBefore = now ?? nil
                    $0.feedback.append("f")
                }
            }
        default:
            let condition = Condition(
                type: "Ready",
                status: .yes,
                reason: "R",
                message: "",
                lastTransitionTime: now,
                observedGeneration: 1
            )
            try edit.change(\.conditions, to: fixture.number(in: 0..<2) == 0 ? [condition] : [])
        }
    }

    @Test func `an audit finds a row that was changed without an event`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 1, in: store)
            #expect(try await store.audit(uid) == [])
            try await store.raw("UPDATE tasks SET failures = 5")
            let findings = try await store.audit(uid)
            #expect(findings.count == 1 && findings.first?.hasPrefix("Task ") == true)
        }
    }

    @Test func `a repeated request gets the first answer and does nothing`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", in: store)
            @Sendable func ask(_ content: String, _ answer: String) async throws -> String {
                try await store.transact(
                    uid,
                    request: RequestKey(scope: "s", id: "1", content: Digest(content)),
                    actor: "test"
                ) { run, _, now in
                    var edit = RunEdit(run)
                    try edit.addTask(fixture, at: now)
                    return (edit.result, answer)
                }
            }
            #expect(try await ask("a", "first") == "first")
            #expect(try await ask("a", "second") == "first")
            #expect(try await store.run(uid)?.0.tasks.count == 1)
            #expect(await failure { _ = try await ask("b", "third") }?.reason == "request_reused")
            #expect(try await store.run(uid)?.0.tasks.count == 1)
        }
    }

    @Test func `the same request from two sides at once is done once`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", in: store)
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<6 {
                    group.addTask {
                        try await store.transact(
                            uid,
                            request: RequestKey(scope: "s", id: "1", content: Digest("c")),
                            actor: "test"
                        ) { run, _, now in
                            var edit = RunEdit(run)
                            try edit.addTask(fixture, at: now)
                            return (edit.result, index)
                        }
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(answers.count == 1)
            #expect(try await store.run(uid)?.0.tasks.count == 1)
        }
    }

    @Test func `what the body throws comes out unchanged and leaves nothing`() async throws {
        struct Refused: Error, Equatable { let reason: String }
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 1, in: store)
            let before = try await store.run(uid)?.0
            await #expect(throws: Refused(reason: "no")) {
                try await store.transact(uid, actor: "test") { _, _, _ -> (RunChange?, Bool) in
                    throw Refused(reason: "no")
                }
            }
            #expect(try await store.run(uid)?.0 == before)
            #expect(
                await failure { try await store.transact(UID("none"), actor: "t") { _, _, _ in (nil, 1) } }?
                    .code == .notFound
            )
        }
    }

    @Test func `a task has at most one live attempt`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 1, in: store)
            try await fixture.change(uid, in: store) { edit, now in
                try edit.claim(edit.run.tasks[0], fixture, at: now)
            }
            let second = await failure {
                try await fixture.change(uid, in: store) { edit, now in
                    try edit.claim(edit.run.tasks[0], fixture, at: now)
                }
            }
            #expect(second?.code == .alreadyExists)
            #expect(second?.outside == "23505")
            // What ends in the same change makes room.
            try await fixture.change(uid, in: store) { edit, now in
                try edit.update(\.attempts, edit.run.attempts[0].uid) {
                    $0.state = .lost
                    $0.finishedAt = now
                }
                try edit.claim(edit.run.tasks[0], fixture, at: now)
            }
            #expect(try await store.run(uid)?.0.attempts.map(\.state) == [.lost, .live])
        }
    }

    @Test func `states that must not be are refused`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 1, in: store)
            let withoutEnd = await failure {
                try await fixture.change(uid, in: store) { edit, _ in try edit.change(\.phase, to: .completed)
                }
            }
            #expect(withoutEnd?.outside == "23514")
            let withoutLease = await failure {
                try await fixture.change(uid, in: store) { edit, now in
                    try edit.claim(edit.run.tasks[0], fixture, at: now)
                    edit.leases = [:]
                }
            }
            #expect(withoutLease?.outside == "23514")
        }
    }

    @Test func `a decision takes effect once`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", in: store)
            let decision = DecisionKey(source: "main", name: "default/go", digest: Digest("d"))
            @Sendable func decide() async throws {
                try await store.transact(uid, decision: decision, actor: "test") { run, _, now in
                    var edit = RunEdit(run)
                    try edit.addTask(fixture, at: now)
                    return (edit.result, true)
                }
            }
            try await decide()
            #expect(await failure { try await decide() }?.reason == "decision_done")
            #expect(try await store.run(uid)?.0.tasks.count == 1)
        }
    }

    @Test func `marks of a change are written with it, and a stale fence stops both`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", in: store)
            let key = ObjectKey("Workflow", namespace: "default", name: "run")
            let stale = try #require(try await store.claimKey(by: "a", lease: .zero))
            let fresh = try #require(try await store.claimKey(by: "b", lease: .seconds(60)))
            #expect(stale.key == key)
            @Sendable func write(_ fence: ClaimedKey) async throws {
                try await store.transact(uid, fence: fence, actor: "test") { run, _, now in
                    var edit = RunEdit(run)
                    try edit.addTask(fixture, at: now)
                    edit.marks = [Mark(key, priority: .people)]
                    return (edit.result, true)
                }
            }
            #expect(await failure { try await write(stale) }?.reason == "fenced")
            #expect(try await store.run(uid)?.0.tasks.count == 0)
            try await write(fresh)
            try await store.finish(fresh)
            #expect(try await store.claimKey(by: "b", lease: .seconds(60))?.key == key)
        }
    }
}
