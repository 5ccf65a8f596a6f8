import Domain
import Support
import Testing

@testable import Store

@Suite struct ReadingTests {
    private let fixture = Fixture()

    @Test func `pages follow each other without gap or repetition`() async throws {
        try await withStore { store in
            for index in 0..<25 {
                let declared = fixture.declared(
                    "Role",
                    "r\(index)",
                    namespace: index % 2 == 0 ? "a" : "b",
                    labels: index % 3 == 0 ? ["third": "yes"] : nil
                )
                _ = try await fixture.apply(declared, to: store)
            }
            var names: [String] = []
            var after: ObjectKey?
            var position: Position?
            repeat {
                let page = try await store.list(
                    ObjectQuery(kind: "Role", namespace: nil),
                    limit: 7,
                    after: after,
                    position: position
                )
                #expect(page.objects.count <= 7)
                #expect(position == nil || page.position == position)
                names += page.objects.map { "\($0.metadata.namespace ?? "")/\($0.metadata.name)" }
                (after, position) = (page.next, page.position)
            } while after != nil
            #expect(names.count == 25 && names == names.sorted())
            let third = LabelRequirement(key: "third", operation: .isIn, values: ["yes"])
            let some = try await store.list(
                ObjectQuery(kind: "Role", namespace: "a", labels: [third]),
                limit: 100
            )
            #expect(some.objects.count == 5 && some.next == nil)
            let one = try await store.list(ObjectQuery(kind: "Role", namespace: nil, name: "r3"), limit: 100)
            #expect(one.objects.map(\.metadata.name) == ["r3"])
            #expect(
                try await store.list(ObjectQuery(kind: "Skill", namespace: nil), limit: 1).objects.isEmpty
            )
        }
    }

    @Test func `every kind that is shown can be got and listed`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 1, in: store)
            try await fixture.change(uid, in: store) { edit, now in
                let attempt = try edit.claim(edit.run.tasks[0], fixture, at: now)
                try edit.complete(attempt, fixture, at: now)
                try edit.add(
                    EscalationRecord(
                        uid: fixture.uid(),
                        namespace: "default",
                        name: "run-escalation",
                        ordinal: edit.run.nextOrdinal,
                        workflowUID: uid,
                        workflow: "run",
                        stage: nil,
                        taskUID: nil,
                        task: nil,
                        to: "human",
                        reason: "r",
                        question: "q",
                        createdAt: now
                    ),
                    to: \.escalations
                )
            }
            let end = try await store.record(
                PlainEvent(
                    type: "test",
                    subject: ObjectKey("Role", namespace: nil, name: "x"),
                    actor: "t",
                    data: [:]
                )
            )
            try await store.waitForHorizon(end, deadline: .seconds(10))
            for kind in ["Workflow", "WorkItem", "Task", "Attempt", "Handoff", "Escalation", "Event"] {
                let page = try await store.list(ObjectQuery(kind: kind, namespace: "default"), limit: 100)
                let first = try #require(page.objects.first, "\(kind)")
                #expect(first.kind == kind)
                #expect(try await store.object(first.key) == first, "\(kind)")
            }
            let task = try #require(
                try await store.list(ObjectQuery(kind: "Task", namespace: "default"), limit: 1).objects.first
            )
            #expect(task.metadata.labels?["agirunner.dev/workflow"] == "run")
            #expect(task.status?["state"] == "completed")
            #expect(try await store.object(ObjectKey("Task", namespace: "default", name: "none")) == nil)
            let events = try await store.events(workflow: uid, limit: 1000)
            #expect(events.map(\.position) == events.map(\.position).sorted() && !events.isEmpty)
            let causes = events.filter { $0.cause != nil }
            #expect(!causes.isEmpty)
            for event in causes {
                // A cause is a first event itself, and of the same command.
                let cause = try #require(events.first { $0.position == event.cause })
                #expect(cause.position < event.position && cause.cause == nil && cause.actor == event.actor)
            }
            let newest = try await store.events(workflow: uid, limit: 2, newestFirst: true)
            #expect(newest == Array(events.reversed().prefix(2)))
            let before = Position(try #require(newest.last).position.number - 1)
            let older = try await store.events(through: before, workflow: uid, limit: 2, newestFirst: true)
            #expect(older == Array(events.reversed().dropFirst(2).prefix(2)))
        }
    }

    @Test func `an object that changed again is delivered once, with its last change`() async throws {
        try await withStore { store in
            let key = ObjectKey("Role", namespace: "default", name: "r")
            _ = try await fixture.apply(fixture.declared("Role", "r"), to: store)
            let second = try await store.setStatus(key, fence: nil) { _, _ in ["n": 2] }
            let third = try #require(try await store.setStatus(key, fence: nil) { _, _ in ["n": 3] })
            try await store.waitForHorizon(third, deadline: .seconds(10))
            let (changes, through) = try await store.changes(
                after: .start,
                kinds: ["Role"],
                namespace: "default",
                limit: 9
            )
            #expect(changes.map(\.position) == [third] && through >= third)
            #expect(changes.first?.object.status?["n"] == 3)
            let rest = try await store.changes(
                after: try #require(second),
                kinds: ["Role"],
                namespace: nil,
                limit: 9
            ).changes
            #expect(rest.map(\.position) == [third])
            #expect(
                try await store.changes(after: through, kinds: ["Role"], namespace: nil, limit: 9).changes
                    .isEmpty
            )
            #expect(
                try await store.changes(after: .start, kinds: ["Role"], namespace: "x", limit: 9).changes
                    .isEmpty
            )
        }
    }

    @Test func `an object that is new to a reader is said to be new although it changed again`()
        async throws
    {
        try await withStore { store in
            let door = Door()
            let (stored, first) = try await fixture.apply(fixture.declared("Role", "r"), to: store)
            try await store.waitForHorizon(first, deadline: .seconds(10))
            // It changes where the horizon cannot pass: what was written before is all that is read.
            async let slow: Void = store.transaction { session in
                _ = try session.drawPositions(1)
                try door.pass(session)
            }
            await door.waitUntilReached()
            let key = stored.object.key
            let second = try #require(try await store.setStatus(key, fence: nil) { _, _ in ["n": 2] })
            @Sendable func read(after: Position, limit: Int = 9) async throws -> ([Change], Position) {
                try await store.changes(after: after, kinds: ["Role"], namespace: nil, limit: limit)
            }
            let (before, through) = try await read(after: .start)
            #expect(before.map(\.position) == [first] && before.first?.labelsBefore == nil)
            #expect(before.first?.object.status?["n"] == 2)
            door.open()
            try await slow
            try await store.waitForHorizon(second, deadline: .seconds(10))
            #expect(try await read(after: through).0.map(\.labelsBefore) == [[:]])
            // Both at once, and each on a page of its own.
            #expect(try await read(after: .start).0.map(\.position) == [second])
            #expect(try await read(after: .start).0.map(\.labelsBefore) == [nil])
            let page = try await read(after: .start, limit: 1)
            #expect(page.0.map(\.position) == [first] && page.0.first?.labelsBefore == nil)
            #expect(try await read(after: page.1, limit: 1).0.map(\.labelsBefore) == [[:]])
        }
    }

    @Test func `an object that leaves a selector is seen leaving although it changed again`() async throws {
        try await withStore { store in
            let (_, first) = try await fixture.apply(
                fixture.declared("Role", "r", labels: ["t": "a"]),
                to: store
            )
            _ = try await fixture.apply(fixture.declared("Role", "r", labels: ["t": "b"]), to: store)
            let (_, last) = try await fixture.apply(
                fixture.declared("Role", "r", labels: ["t": "c"]),
                to: store
            )
            try await store.waitForHorizon(last, deadline: .seconds(10))
            let changes = try await store.changes(after: first, kinds: ["Role"], namespace: nil, limit: 9)
                .changes
            #expect(changes.map(\.labelsBefore) == [["t": "a"], ["t": "b"]])
            #expect(changes.map { $0.object.metadata.labels } == [["t": "b"], ["t": "c"]])
            #expect(changes.allSatisfy { $0.object.metadata.resourceVersion == $0.position })
        }
    }

    @Test func `a removed object is delivered with its last image, and events when they are asked for`()
        async throws
    {
        try await withStore { store in
            let (stored, _) = try await fixture.apply(
                fixture.declared("Role", "r", labels: ["t": "a"]),
                to: store
            )
            let position = try await store.removeOne(stored.object.key, actor: "unix:0")
            try await store.waitForHorizon(position, deadline: .seconds(10))
            let (changes, _) = try await store.changes(
                after: .start,
                kinds: ["Event", "Role"],
                namespace: nil,
                limit: 9
            )
            #expect(changes.map(\.object.kind) == ["Event", "Event", "Role"])
            #expect(changes.last?.act == .removed && changes.last?.object.spec == ["text": "one"])
            var paged: [Position] = []
            var after = Position.start
            while true {
                let page = try await store.changes(
                    after: after,
                    kinds: ["Event", "Role"],
                    namespace: nil,
                    limit: 1
                )
                paged += page.changes.map(\.position)
                if page.through == after || page.through == store.horizon() { break }
                after = page.through
            }
            #expect(paged == changes.map(\.position))
        }
    }

    @Test func `a cursor that is too old or too new expires`() async throws {
        try await withStore { store in
            var last = Position.start
            for index in 0..<3 {
                last = try await fixture.apply(fixture.declared("Role", "r\(index)"), to: store).1
            }
            try await store.waitForHorizon(last, deadline: .seconds(10))
            let above = await failure {
                _ = try await store.changes(
                    after: Position(last.number + 100),
                    kinds: [],
                    namespace: nil,
                    limit: 1
                )
            }
            #expect(above?.code == .expired)
            try await store.trim()
            #expect(
                try await store.changes(after: .start, kinds: ["Role"], namespace: nil, limit: 9).changes
                    .count == 3
            )
            try await store.trim(changesOlderThan: .zero)
            let old = await failure {
                _ = try await store.changes(after: .start, kinds: ["Role"], namespace: nil, limit: 9)
            }
            #expect(old?.reason == "trimmed")
            let kept = try await store.changes(
                after: Position(last.number - 1),
                kinds: ["Role"],
                namespace: nil,
                limit: 9
            )
            #expect(kept.changes.count == 1)
        }
    }

    @Test func `the bell rings for a commit of another process`() async throws {
        try await withStore { store in
            try await withStore(settings: store.settings) { other in
                let ticket = other.bellTicket()
                let (_, position) = try await fixture.apply(fixture.declared("Role", "r"), to: store)
                await other.waitBell(after: ticket, deadline: .seconds(10))
                #expect(other.bellTicket() > ticket)
                try await other.waitForHorizon(position, deadline: .seconds(10))
            }
        }
    }

    @Test func `a watcher that follows the bell sees every object once the writers are done`() async throws {
        try await withStore(connections: 6) { store in
            let count = 60
            async let watched: Set<String> = {
                var names: Set<String> = []
                var after = Position.start
                var last = Position.start
                let deadline = ContinuousClock.now + .seconds(60)
                while names.count < count, ContinuousClock.now < deadline {
                    let ticket = store.bellTicket()
                    let (changes, through) = try await store.changes(
                        after: after,
                        kinds: ["Role"],
                        namespace: nil,
                        limit: 7
                    )
                    for change in changes {
                        #expect(change.position > last)
                        last = change.position
                        names.insert(change.object.metadata.name)
                    }
                    if through > after {
                        after = through
                        continue
                    }
                    await store.waitBell(after: ticket, deadline: .seconds(5))
                }
                return names
            }()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for index in 0..<(count / 4) {
                            _ = try await fixture.apply(
                                fixture.declared("Role", "r\(writer)-\(index)"),
                                to: store
                            )
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await watched.count == count)
        }
    }

    @Test func `log lines are kept once each and read in order`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 1, in: store)
            try await fixture.change(uid, in: store) { edit, now in
                try edit.claim(edit.run.tasks[0], fixture, at: now)
            }
            let attempt = try #require(try await store.run(uid)).0.attempts[0]
            func line(_ number: Int64, _ text: String) -> TaskLogLine {
                TaskLogLine(
                    sequence: number,
                    time: attempt.createdAt,
                    source: "tool",
                    message: text,
                    data: ["n": .integer(number)]
                )
            }
            try await store.appendLogs(attempt.uid, [line(1, "one"), line(2, "two\u{0}")])
            try await store.appendLogs(attempt.uid, [line(2, "again"), line(3, "three")])
            let all = try await store.logs(of: attempt.taskUID, limit: 10)
            #expect(all.map(\.line.message) == ["one", "two\u{FFFD}", "three"])
            #expect(try await store.logs(of: attempt.uid, after: all[1].cursor, limit: 10) == [all[2]])
            let missing = await failure { try await store.appendLogs(UID("none"), [line(1, "x")]) }
            #expect(missing?.code == .invalid)
        }
    }
}
