import Domain
import Support
import Testing

@testable import Store

@Suite struct DeclaredTests {
    private let fixture = Fixture()
    private let role = ObjectKey("Role", namespace: "default", name: "r")

    private func apply(
        _ write: RevisionWrite,
        _ store: Store,
        fence: ClaimedKey? = nil
    ) async throws -> AppliedRevision {
        try await store.apply(write, fence: fence, newUID: { fixture.uid() })
    }

    @Test func `the clocks of a zone are told as far back as is asked, each setting once`() async throws {
        try await withStore { store in
            let year = Duration.seconds(366 * 86_400)
            let berlin = try await store.clock(of: "Europe/Berlin", back: year)
            #expect(Set(berlin.settings.map(\.offset)) == [.seconds(3600), .seconds(7200)])
            #expect((2...4).contains(berlin.settings.count))
            #expect(zip(berlin.settings, berlin.settings.dropFirst()).allSatisfy { $0.offset != $1.offset })
            let first = try #require(berlin.settings.first)
            #expect(berlin.now - first.since >= year && berlin.now - first.since < year + .seconds(3600))
            let utc = try await store.clock(of: "UTC", back: .zero)
            #expect(utc.settings.map(\.offset) == [.zero])
            let refused = await failure { _ = try await store.clock(of: "Europe/Atlantis", back: .zero) }
            #expect(refused?.code == .unsupported)
        }
    }

    @Test func `a revision makes, changes, keeps and removes objects`() async throws {
        try await withStore { store in
            let origin = fixture.gitOrigin("main")
            let steps: [ApplyStep] = ["r", "s", "t"].map {
                .put(fixture.declared("Role", $0, origin: origin))
            }
            let first = try await apply(fixture.revision(steps), store)
            #expect((first.created, first.changed, first.unchanged, first.removed) == (3, 0, 0, 0))
            let before = try #require(try await store.stored(role))
            #expect(before.object.metadata.generation == 1)
            #expect(before.object.status?["conditions"]?.array?.first?["status"] == "True")
            let next: [ApplyStep] = [
                .put(fixture.declared("Role", "r", spec: ["text": "two"], origin: origin)),
                .put(fixture.declared("Role", "s", origin: fixture.gitOrigin("main", line: 99))),
                .remove(ObjectKey("Role", namespace: "default", name: "t")),
            ]
            let second = try await apply(fixture.revision(next, commit: "b"), store)
            #expect((second.created, second.changed, second.unchanged, second.removed) == (0, 1, 1, 1))
            let after = try #require(try await store.stored(role))
            #expect(after.object.metadata.uid == before.object.metadata.uid)
            #expect(after.object.metadata.generation == 2)
            let kept = try #require(
                try await store.stored(ObjectKey("Role", namespace: "default", name: "s"))
            )
            #expect(kept.origin.line == 99)
            // Where it is declared is shown, so whoever watches is told; it is no new generation, though.
            #expect(kept.object.metadata.resourceVersion.map { $0 > first.position } == true)
            #expect(kept.object.metadata.generation == 1)
            let outlines = try await store.outlines(source: "main")
            #expect(Set(outlines.map(\.object.metadata.name)) == ["r", "s"])
            try await store.waitForHorizon(second.position, deadline: .seconds(10))
            let shown = try #require(
                try await store.object(ObjectKey("Revision", namespace: nil, name: second.revision))
            )
            #expect(shown.status?["phase"] == "applied" && shown.status?["changed"] == 1)
            let source = try await store.object(kept.object.key)?.status?["source"]
            #expect(source?["gitSource"] == "main" && source?["line"] == 99)
            let seen = try await store.changes(
                after: first.position,
                kinds: ["Role"],
                namespace: nil,
                limit: 100
            )
            #expect(seen.changes.contains { $0.object.status?.at("source", "line") == 99 })
            let types = try await store.events(limit: 100).map(\.type)
            #expect(types.filter { $0 == "object.created" }.count == 3)
            #expect(types.suffix(3) == ["object.changed", "object.removed", "source.applied"])
        }
    }

    @Test func `applying the same revision again changes no version`() async throws {
        try await withStore { store in
            let steps = (0..<5).map {
                ApplyStep.put(
                    fixture.declared("Role", "r\($0)", labels: ["a": "b"], origin: fixture.gitOrigin("main"))
                )
            }
            _ = try await apply(fixture.revision(steps), store)
            let before = try await store.storedObjects(kind: "Role", namespace: nil)
            let again = try await apply(fixture.revision(steps), store)
            #expect(again.unchanged == 5 && again.created + again.changed + again.removed == 0)
            #expect(try await store.storedObjects(kind: "Role", namespace: nil) == before)
        }
    }

    @Test func `a commit that comes again after another one is a revision of its own`() async throws {
        try await withStore { store in
            let steps = [ApplyStep.put(fixture.declared("Role", "r", origin: fixture.gitOrigin("main")))]
            var names: [String] = []
            for commit in ["a", "b", "a", "a", "b"] as [Character] {
                names.append(try await apply(fixture.revision(steps, commit: commit), store).revision)
            }
            #expect(
                names == [
                    "main-aaaaaaaaaaaa", "main-bbbbbbbbbbbb", "main-aaaaaaaaaaaa-2",
                    "main-aaaaaaaaaaaa-2", "main-bbbbbbbbbbbb-2",
                ]
            )
        }
    }

    @Test func `a revision that came to no end is superseded by the next commit`() async throws {
        try await withStore { store in
            let steps = [ApplyStep.put(fixture.declared("Role", "r", origin: fixture.gitOrigin("main")))]
            let first = try await apply(fixture.revision(steps), store).revision
            // As a control plane leaves it that is killed in the middle, or gives up for a newer commit.
            try await store.raw("UPDATE revisions SET phase = 'applying', finished_at = NULL")
            _ = try await apply(fixture.revision(steps, commit: "b"), store)
            let object = try await store.object(ObjectKey("Revision", namespace: nil, name: first))
            #expect(object?.status?["phase"] == "superseded")
            let event = try await store.events(limit: 100).first { $0.type == "source.superseded" }
            #expect(event?.data["supersededBy"]?.string == String(repeating: "b", count: 40))
        }
    }

    @Test func `more than a thousand steps are applied, and a label is shown without a new generation`()
        async throws
    {
        try await withStore { store in
            let steps = (0..<1500).map {
                ApplyStep.put(fixture.declared("Role", "r\($0)", origin: fixture.gitOrigin("main")))
            }
            #expect(try await apply(fixture.revision(steps), store).created == 1500)
            let labelled = fixture.declared(
                "Role",
                "r7",
                labels: ["tier": "one"],
                origin: fixture.gitOrigin("main")
            )
            #expect(try await apply(fixture.revision([.put(labelled)], commit: "b"), store).changed == 1)
            let stored = try #require(
                try await store.stored(ObjectKey("Role", namespace: "default", name: "r7"))
            )
            #expect(stored.object.metadata.generation == 1)
            #expect(stored.object.metadata.labels == ["tier": "one"])
        }
    }

    @Test func `controlled kinds are marked, and a stale fence applies nothing`() async throws {
        try await withStore { store in
            let workflow = fixture.declared("Workflow", "w", origin: fixture.gitOrigin("main"))
            _ = try await apply(
                fixture.revision([.put(workflow), .put(fixture.declared("Role", "r"))]),
                store
            )
            let stale = try #require(try await store.claimKey(by: "a", lease: .zero))
            #expect(stale.key == workflow.object.key)
            _ = try #require(try await store.claimKey(by: "b", lease: .seconds(60)))
            let write = fixture.revision([.put(fixture.declared("Role", "x"))], commit: "b")
            #expect(await failure { _ = try await apply(write, store, fence: stale) }?.reason == "fenced")
            #expect(try await store.stored(ObjectKey("Role", namespace: "default", name: "x")) == nil)
        }
    }

    @Test(arguments: Kind.all.filter(\.isDeclared).map(\.name))
    func `a kind is marked for its controller, or in force without one`(kind: String) async throws {
        try await withStore { store in
            let (stored, _) = try await fixture.apply(fixture.declared(kind, "o"), to: store)
            let isControlled = Kind.isControlled(kind)
            let marked = try await store.claimKey(by: "a", lease: .seconds(60))?.key
            #expect(marked == (isControlled ? stored.object.key : nil))
            let ready = stored.object.status?["conditions"]?.array?.first { $0["type"] == "Ready" }
            #expect(ready?["status"] == (isControlled ? "Unknown" : "True"))
            // What nothing acts on is not said to be in force.
            let isInert = Kind.named(kind)?.isInert == true
            #expect(ready?["reason"] == (isControlled ? "Pending" : isInert ? "Kept" : "Applied"))
        }
    }

    /// The names of the keys that are due, each of which is finished.
    private func claimed(_ store: Store) async throws -> [String] {
        var names: [String] = []
        while let next = try await store.claimKey(by: "a", lease: .seconds(60)) {
            names.append(next.key.name)
            try await store.finish(next)
        }
        return names.sorted()
    }

    @Test func `a source that is stalled is looked at when others bring what it may miss`() async throws {
        try await withStore { store in
            for name in ["stalled", "other", "fine"] {
                _ = try await fixture.apply(fixture.declared("GitSource", name, namespace: nil), to: store)
            }
            let key = ObjectKey("GitSource", namespace: nil, name: "stalled")
            try await store.setStatus(key, fence: nil) { stored, now in
                Readiness.stalled(reason: "InvalidFiles", message: "m").status(
                    after: stored.object.status,
                    generation: 1,
                    now: now
                )
            }
            _ = try await claimed(store)
            func commit(_ kind: String, by source: String, id: Character) async throws {
                let declared = fixture.declared(kind, "o-\(id)", origin: fixture.gitOrigin(source))
                let write = fixture.revision([.put(declared)], source: source, commit: id)
                _ = try await apply(write, store)
            }
            try await commit("Role", by: "other", id: "a")
            #expect(try await claimed(store) == ["stalled"])
            try await commit("Role", by: "stalled", id: "b")
            #expect(try await claimed(store).isEmpty, "its own commit is no news to it")
            _ = try await fixture.apply(fixture.declared("Role", "by-hand"), to: store)
            #expect(try await claimed(store) == ["stalled"])
            try await commit("Workflow", by: "other", id: "c")
            #expect(try await claimed(store) == ["o-c"])
        }
    }

    @Test func `every source is looked at when a Policy is made, changed or removed`() async throws {
        try await withStore { store in
            for name in ["one", "two"] {
                _ = try await fixture.apply(fixture.declared("GitSource", name, namespace: nil), to: store)
            }
            #expect(try await claimed(store) == ["one", "two"])
            _ = try await fixture.apply(fixture.declared("Role", "r"), to: store)
            #expect(try await claimed(store).isEmpty)
            for text in ["first", "second"] {
                let policy = fixture.declared("Policy", "p", spec: ["text": .string(text)])
                _ = try await fixture.apply(policy, to: store)
                #expect(try await claimed(store) == ["one", "two"])
            }
            let policy = ObjectKey("Policy", namespace: "default", name: "p")
            try await store.removeOne(policy, actor: "unix:0")
            #expect(try await claimed(store) == ["one", "two"])
        }
    }

    @Test func `a commit that may not remove a Workflow leaves its run`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 1, in: store)
            let key = ObjectKey("Workflow", namespace: "default", name: "run")
            #expect(try await apply(fixture.revision([.remove(key)]), store).removed == 0)
            #expect(try await store.run(uid)?.0.tasks.count == 1)
        }
    }

    @Test func `the control door refuses what git declares, by its place, until the source is gone`()
        async throws
    {
        try await withStore { store in
            let (source, _) = try await fixture.apply(
                fixture.declared("GitSource", "main", namespace: nil),
                to: store
            )
            let declared = fixture.declared("Role", "r", origin: fixture.gitOrigin("main"))
            _ = try await apply(fixture.revision([.put(declared)]), store)
            let refused = await #expect(throws: FieldConflict.self) {
                _ = try await fixture.apply(fixture.declared("Role", "r", spec: ["text": "two"]), to: store)
            }
            #expect(refused?.message.contains("things.yaml:3") == true)
            #expect(
                await failure { _ = try await store.removeOne(role, actor: "unix:0") }?.reason
                    == "owned_by_git"
            )
            try await store.removeOne(source.object.key, actor: "unix:0")
            #expect(try await store.stored(role) != nil)
            try await store.removeOne(role, actor: "unix:0")
            #expect(try await store.stored(role) == nil)
        }
    }

    @Test func `create, apply and replace keep their promises`() async throws {
        try await withStore { store in
            let declared = fixture.declared("Role", "r")
            #expect(
                await failure { _ = try await fixture.apply(declared, to: store, mode: .replace) }?.code
                    == .notFound
            )
            let (made, position) = try await fixture.apply(declared, to: store, mode: .create)
            #expect(
                await failure { _ = try await fixture.apply(declared, to: store, mode: .create) }?.code
                    == .alreadyExists
            )
            let changed = fixture.declared("Role", "r", spec: ["text": "two"])
            let stale = await failure {
                _ = try await store.applyOne(
                    changed,
                    mode: .replace,
                    actor: "unix:0",
                    expectedResourceVersion: Position(1),
                    newUID: { fixture.uid() }
                )
            }
            #expect(stale?.reason == "stale")
            let (after, next) = try await store.applyOne(
                changed,
                mode: .replace,
                actor: "unix:0",
                expectedResourceVersion: position,
                newUID: { fixture.uid() }
            )
            #expect(after.object.metadata.uid == made.object.metadata.uid && next > position)
            #expect(try await fixture.apply(changed, to: store).1 == next)
            #expect(try await store.removeOne(role, actor: "unix:0") > next)
            #expect(await failure { _ = try await store.removeOne(role, actor: "unix:0") }?.code == .notFound)
        }
    }

    @Test func `an object is removed only as who asks knows it, also when it changes meanwhile`() async throws
    {
        try await withStore(connections: 4) { store in
            let (made, position) = try await fixture.apply(fixture.declared("Role", "r"), to: store)
            func refusal(_ uid: UID?, _ version: Position?, isDryRun: Bool = false) async -> String? {
                await failure {
                    _ = try await store.removeOne(
                        role,
                        actor: "unix:0",
                        expectedUID: uid,
                        expectedResourceVersion: version,
                        isDryRun: isDryRun
                    )
                }?.reason
            }
            let uid = made.object.metadata.uid
            for isDryRun in [true, false] {
                #expect(await refusal(fixture.uid(), nil, isDryRun: isDryRun) == "stale")
                #expect(await refusal(uid, Position(1), isDryRun: isDryRun) == "stale")
            }
            #expect(await refusal(uid, position, isDryRun: true) == nil)
            let door = Door()
            async let later: Position = store.transaction { session in
                let row = try session.rows(DeclaredStatement.lock, ["Role"], ["default"], ["r"]).first
                var stored = try Stored(row: try #require(row).value("row"))
                stored.object.status?["n"] = 2
                let position = try session.putStatus(of: stored, event: nil, now: session.now())
                try door.pass(session)
                return position
            }
            await door.waitUntilReached()
            async let refused = refusal(uid, position)
            try await waitUntilSomebodyWaits(store)
            door.open()
            let changed = try await later
            #expect(await refused == "stale")
            #expect(await refusal(uid, changed) == nil)
            #expect(try await store.stored(role) == nil)
        }
    }

    /// Returns when a transaction that reads objects waits for a lock of another.
    private func waitUntilSomebodyWaits(_ store: Store) async throws {
        for _ in 0..<2000 {
            let waiting = try await store.rawText(
                """
                EXISTS (
                    SELECT FROM pg_locks w JOIN pg_locks r ON r.pid = w.pid
                    WHERE NOT w.granted AND r.relation = 'objects'::regclass
                )
                """
            )
            if waiting == "true" { return }
            try await store.raw("SELECT pg_sleep(0.005)")
        }
        throw SupportError("nobody waits for a lock")
    }

    @Test func `many who create the same object at once make one`() async throws {
        try await withStore(connections: 8) { store in
            let made = try await withThrowingTaskGroup(of: UID?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await fixture.apply(fixture.declared("Role", "r"), to: store).0.object.metadata
                            .uid
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(made.count == 1)
        }
    }

    @Test func `a status that is equal is not written`() async throws {
        try await withStore { store in
            _ = try await fixture.apply(fixture.declared("Role", "r"), to: store)
            let event = PlainEvent(type: "role.seen", subject: role, actor: "controller", data: [:])
            let first = try await store.setStatus(role, fence: nil, event: event) { stored, _ in
                #expect(stored.object.key == role)
                return ["seen": true]
            }
            let position = try #require(first)
            #expect(try await store.setStatus(role, fence: nil) { _, _ in ["seen": true] } == nil)
            #expect(try await store.setStatus(role, fence: nil) { _, _ in nil } == nil)
            #expect(try await store.stored(role)?.object.metadata.resourceVersion == position)
            try await store.waitForHorizon(position, deadline: .seconds(10))
            #expect(try await store.events(limit: 100).last?.type == "role.seen")
        }
    }

    @Test func `removing a Workflow removes its run, and every part of it is said to be gone`() async throws {
        try await withStore { store in
            let uid = try await fixture.begin("run", tasks: 2, in: store)
            try await fixture.change(uid, in: store) { edit, now in
                let attempt = try edit.claim(edit.run.tasks[0], fixture, at: now)
                try edit.complete(attempt, fixture, at: now)
            }
            let key = ObjectKey("Workflow", namespace: "default", name: "run")
            let position = try await store.removeOne(key, actor: "unix:0")
            #expect(try await store.run(uid) == nil)
            try await store.waitForHorizon(position, deadline: .seconds(10))
            let kinds = ["Attempt", "Handoff", "Task", "WorkItem", "Workflow"]
            let seen = try await store.changes(after: .start, kinds: kinds, namespace: nil, limit: 100)
                .changes
            #expect(seen.allSatisfy { $0.act == .removed })
            #expect(
                seen.map(\.object.kind).sorted() == [
                    "Attempt", "Handoff", "Task", "Task", "WorkItem", "Workflow",
                ]
            )
            _ = try await fixture.begin("run", tasks: 2, in: store)
        }
    }

    @Test func `the specs of runs go with the last run that has them`() async throws {
        try await withStore { store in
            for name in ["one", "two"] { _ = try await fixture.begin(name, in: store) }
            var left: [String?] = []
            for name in ["one", "two"] {
                _ = try await store.removeOne(
                    ObjectKey("Workflow", namespace: "default", name: name),
                    actor: "unix:0"
                )
                left.append(try await store.rawText("SELECT count(*) FROM pins"))
            }
            #expect(left == ["1", "0"])
        }
    }
}
