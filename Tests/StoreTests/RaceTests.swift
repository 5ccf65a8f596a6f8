import Domain
import Support
import Testing

@testable import Store

/// Two transactions of which one waits for the other's locks.
@Suite struct RaceTests {
    private let fixture = Fixture()
    private let workflow = ObjectKey("Workflow", namespace: "default", name: "run")

    @Test(arguments: [true, false])
    func `a run that begins while its Workflow is removed goes with it`(byCommit: Bool) async throws {
        try await withNamedStore("begins\(byCommit)\(fixture.seed)") { store in
            let context = DeclaredContext(actor: "git:main", priority: .webhook, newUID: { UID("") })
            let (begun, removed) = try await store.race(at: "AFTER INSERT ON workflows") {
                try await fixture.begin("run", tasks: 1, in: store)
            } _: {
                guard byCommit else { return try await store.removeOne(workflow, actor: "unix:0") }
                return try await store.transaction { session in
                    let writer = DeclaredWriter(session: session, context: context)
                    return try #require(try writer.apply([.remove(workflow)]).positions.max())
                }
            }
            let uid = try begun.get()
            let position = try removed.get()
            #expect(try await store.stored(workflow) == nil)
            #expect(try await store.run(uid) == nil)
            #expect(try await store.fleetCounts().readyTasks.isEmpty)
            try await store.waitForHorizon(position, deadline: .seconds(10))
            let seen = try await store.changes(after: .start, kinds: ["Task"], namespace: nil, limit: 9)
                .changes
            #expect(seen.map(\.act) == [.removed])
        }
    }

    @Test func `a removal waits for whoever protects the object, and is refused`() async throws {
        try await withNamedStore("protects\(fixture.seed)") { store in
            let role = fixture.declared("Role", "r")
            _ = try await fixture.apply(role, to: store)
            var protected = role
            protected.object.metadata.annotations = [PruneHold.protection: "enabled"]
            let (written, removed) = try await store.race(at: "AFTER UPDATE ON objects") { [protected] in
                try await fixture.apply(protected, to: store).1
            } _: {
                try await store.removeOne(role.object.key, actor: "unix:0")
            }
            _ = try written.get()
            #expect(throws: Failure.self) { try removed.get() }
            #expect(try await store.stored(role.object.key) != nil)
        }
    }

    @Test(arguments: ["before", "after"])
    func `a run that begins while the last one with its specs is removed has them`(
        moment: String
    ) async throws {
        try await withNamedStore("specs\(moment)\(fixture.seed)") { store in
            _ = try await fixture.begin("run", in: store)
            let (removed, begun) = try await store.race(at: "\(moment) DELETE ON pins") {
                try await store.removeOne(workflow, actor: "unix:0")
            } _: {
                try await fixture.begin("other", in: store)
            }
            _ = try removed.get()
            #expect(try await store.run(begun.get())?.1.playbookName == "p")
        }
    }

    @Test func `two runs with the same specs that are removed at once leave none behind`() async throws {
        try await withNamedStore("both\(fixture.seed)") { store in
            _ = try await fixture.begin("run", in: store)
            _ = try await fixture.begin("other", in: store)
            let (one, two) = try await store.race(at: "AFTER DELETE ON pins") {
                try await store.removeOne(workflow, actor: "unix:0")
            } _: {
                let other = ObjectKey("Workflow", namespace: "default", name: "other")
                try await store.removeOne(other, actor: "unix:0")
            }
            _ = (try one.get(), try two.get())
            #expect(try await store.rawText("SELECT count(*) FROM pins") == "0")
        }
    }

    @Test func `whoever lost its key while it failed leaves the next one's revision alone`() async throws {
        try await withNamedStore("lost\(fixture.seed)") { store in
            let source = ObjectKey("GitSource", namespace: nil, name: "main")
            try await store.mark([Mark(source, priority: .people)])
            let stale = try #require(try await store.claimKey(by: "a", lease: .zero))
            let role = fixture.declared("Role", "r", origin: fixture.gitOrigin("main"))
            let (one, two) = try await store.race(at: "AFTER INSERT ON objects", refusing: true) {
                try await store.apply(
                    fixture.revision([.put(role)]),
                    fence: stale,
                    newUID: { fixture.uid() }
                )
            } _: {
                let claimed = try #require(try await store.claimKey(by: "b", lease: .seconds(60)))
                let next = fixture.revision([.put(role)], commit: "b")
                return try await store.apply(next, fence: claimed, newUID: { fixture.uid() })
            }
            #expect(await failure { _ = try one.get() }?.reason == "fenced")
            #expect(throws: Failure.self) { try two.get() }
            let phases = try await store.rawText(
                "SELECT string_agg(phase, ' ' ORDER BY commit, attempt) FROM revisions"
            )
            #expect(phases == "superseded failed")
        }
    }
}
