import Domain
import Reconciler
import Testing

/// What keeps a source from deleting: its brake, and what is held.
@Suite struct GuardTests {
    private let world = World()
    private let repository = Repository()
    private let source = key("GitSource", "main")
    private let roles = (0..<4).map { declared("Role", "r\($0)") }

    init() { world.put(Self.source()) }

    private static func source(enabled: Bool = true) -> Declared {
        gitSource("main", ["prune": ["enabled": .bool(enabled), "maxPercent": 25]])
    }

    private func reconcile() async {
        _ = await SourceController(objects: world.objectPorts, source: repository.ports)
            .reconcile(claimed(source))
    }

    private func isThere(_ objects: [Declared]) -> [Bool] { objects.map { world[$0.object.key] != nil } }

    private func held(_ object: Declared) throws -> Value? {
        PruneHold.condition(of: world.status(object.object.key))
    }

    // MARK: The brake

    private func refuse(_ commit: String = "c2") async {
        repository.commit("c1", roles)
        await reconcile()
        repository.commit(commit, [roles[0]])
        await reconcile()
    }

    /// Makes a Decision about the deletions, and executes it.
    private func decide(
        _ name: String,
        on target: (kind: String, name: String) = ("GitSource", "main"),
        _ action: String = "approve",
        expects: Value? = nil
    ) async {
        let decision = declared(
            "Decision",
            name,
            .members([
                "target": ["kind": .string(target.kind), "name": .string(target.name)],
                "action": .string(action), "note": "they moved", "expects": expects,
            ])
        )
        world.put(decision.applied(by: "unix:1000"))
        await world.reconcileDecision(name)
    }

    private func outcome(_ name: String) -> [Value?] {
        let status = world.status(key("Decision", name))
        return [status["outcome"], status["reason"]]
    }

    @Test func `a refusal says how to let it through, and what would go`() async throws {
        await refuse()
        let message = try #require(try world.ready(source)?.message)
        #expect(
            message.hasSuffix(
                "would delete 3 of 4 objects (limit 25 %); agirunner approve gitsource/main lets it"
            )
        )
        let refused = GitSourceStatus.refusedPrune(world.status(source))
        #expect(refused?.commit == CommitID("c2") && refused?.count == 3)
    }

    @Test(arguments: [("GitSource", "main"), ("Revision", "main-c2"), ("Revision", "main-c2-2")])
    func `an approval lets exactly that commit delete, and is told with its actor`(
        kind: String,
        name: String
    )
        async throws
    {
        await refuse()
        await decide("yes", on: (kind, name))
        #expect(outcome("yes") == ["applied", nil])
        #expect(world.with { $0.marked } == [source])
        let told = world.with { $0.events.last { $0.type == "source.prune_approved" } }
        #expect(told?.actor == "unix:1000" && told?.subject == source)
        #expect(
            told?.data == ["commit": "c2", "objects": 3, "decision": "yes", "note": "they moved"]
        )
        await reconcile()
        #expect(isThere(roles) == [true, false, false, false])
        #expect(try world.ready(source)?.reason == "Applied")
        #expect(GitSourceStatus.refusedPrune(world.status(source)) == nil)
        // Another commit that deletes as much is refused like the first.
        let more = (4..<8).map { declared("Role", "r\($0)") }
        repository.commit("c3", [roles[0]] + more)
        await reconcile()
        repository.commit("c4", [roles[0]])
        await reconcile()
        #expect(isThere(more) == [true, true, true, true])
        #expect(try world.ready(source)?.reason == "PruneRefused")
    }

    @Test func `an approval of something else than what is refused counts for nothing`() async throws {
        await refuse()
        await decide("other", expects: ["digest": "sha256:other"])
        #expect(outcome("other") == ["refused", "digest_mismatch"])
        await decide("older", expects: ["generation": 7])
        #expect(outcome("older") == ["refused", "digest_mismatch"])
        await decide("no", "reject")
        #expect(outcome("no") == ["refused", "unsupported_action"])
        await decide("revision", on: ("Revision", "main-c1"))
        #expect(outcome("revision") == ["refused", "nothing_refused"])
        await decide("source", on: ("GitSource", "nobody"))
        #expect(outcome("source") == ["refused", "not_found"])
        await reconcile()
        #expect(isThere(roles) == [true, true, true, true])
        let digest = try #require(GitSourceStatus.refusedPrune(world.status(source))?.digest)
        await decide("yes", expects: ["digest": .string(digest.text)])
        await reconcile()
        #expect(isThere(roles) == [true, false, false, false])
        await decide("late")
        #expect(outcome("late") == ["refused", "nothing_refused"])
    }

    @Test func `an approval that comes again changes nothing, and is told once`() async {
        await refuse()
        await decide("yes")
        await decide("again")
        #expect(outcome("again") == ["applied", nil])
        #expect(world.with { $0.events.filter { $0.type == "source.prune_approved" }.count } == 1)
        #expect(GitSourceStatus.approvedPrune(world.status(source))?.decision == "yes")
    }

    @Test func `a source that never deletes is not asked to`() async throws {
        world.put(Self.source(enabled: false))
        await refuse()
        #expect(try world.ready(source)?.message.hasSuffix("prune.enabled is false") == true)
        await decide("yes")
        #expect(outcome("yes") == ["refused", "nothing_refused"])
    }

    // MARK: What is held

    private let kept = (0..<9).map { declared("Skill", "s\($0)") }
    private let guarded = declared("Role", "g", annotations: [PruneHold.protection: "enabled"])

    @Test func `a protected object outlives its file, says why, and is counted`() async throws {
        repository.commit("c1", kept + [guarded])
        await reconcile()
        repository.commit("c2", kept)
        await reconcile()
        #expect(world[guarded.object.key] != nil)
        let condition = try held(guarded)
        #expect(condition?["status"] == "True" && condition?["reason"] == "DeletionProtected")
        #expect(condition?["message"]?.string?.contains(PruneHold.protection) == true)
        #expect(try world.ready(guarded.object.key)?.status == .yes)
        #expect(world.status(source)["held"] == ["DeletionProtected": 1])
        let message = try world.ready(source)?.message
        #expect(message?.contains("1 object is no longer declared and kept") == true)
        repository.commit("c2b", kept)
        await reconcile()
        #expect(world.status(source)["held"] == ["DeletionProtected": 1])
        let told = world.with { $0.events.filter { $0.type == "object.prune_held" } }
        #expect(told.map(\.subject) == [guarded.object.key])
        // Its file comes back.
        repository.commit("c3", kept + [guarded])
        await reconcile()
        #expect(try held(guarded) == nil)
        #expect(world.status(source)["held"] == nil)
    }

    @Test func `a commit that is planned by what it changes sees what is held, too`() async throws {
        repository.commit("c1", kept + [guarded])
        await reconcile()
        repository.commit("c2", kept)
        await reconcile()
        let changed = declared("Skill", "s0", ["x": 2])
        let all = [changed] + kept.dropFirst()
        let since = LoadedChanges(base: CommitID("c2"), put: [changed], removed: [])
        repository.commit("c3", all, since: since)
        await reconcile()
        #expect(world.status(source)["held"] == ["DeletionProtected": 1])
        let back = LoadedChanges(base: CommitID("c3"), put: [guarded], removed: [])
        repository.commit("c4", all + [guarded], since: back)
        await reconcile()
        #expect(try held(guarded) == nil && world.status(source)["held"] == nil)
    }

    @Test func `protection is taken away by one commit, and the object by the next`() async {
        repository.commit("c1", kept + [guarded])
        await reconcile()
        repository.commit("c2", kept + [declared("Role", "g")])
        await reconcile()
        repository.commit("c3", kept)
        await reconcile()
        #expect(world[guarded.object.key] == nil)
    }

    @Test func `what a run uses stays until the run has ended`() async throws {
        let used = declared("Role", "used")
        repository.commit("c1", kept + [used])
        await reconcile()
        world.with { $0.inUse = [used.object.key: "fix"] }
        repository.commit("c2", kept)
        await reconcile()
        #expect(try held(used)?["reason"] == "InUse")
        #expect(try held(used)?["message"] == "Workflow/fix uses it and has not ended")
        #expect(world.status(source)["held"] == ["InUse": 1])
        world.with { $0.inUse = [:] }
        await reconcile()
        #expect(world[used.object.key] == nil && world.status(source)["held"] == nil)
        #expect(try world.ready(source)?.message == "applied 9 of 9 objects of c2")
    }

    @Test func `what a run has is not written, and the rest of the commit is`() async throws {
        let (taken, free) = (declared("WorkItem", "fix-1"), declared("WorkItem", "free"))
        world.with { $0.live = [taken.object.key: "fix"] }
        repository.commit("c1", kept + [taken, free])
        await reconcile()
        #expect(world[taken.object.key] == nil && world[free.object.key] != nil)
        let ready = try world.ready(source)
        #expect(ready?.reason == "OwnershipConflict")
        #expect(ready?.message.contains("WorkItem/fix-1 must have one owner") == true)
        #expect(ready?.message.contains("Workflow/fix") == true)
        // Also when only what changed is planned.
        let more = declared("WorkItem", "fix-2")
        world.with { $0.live = [more.object.key: "fix"] }
        repository.commit("c2", kept + [taken, free])
        await reconcile()
        #expect(world[taken.object.key] != nil, "the name has become free")
        #expect(try world.ready(source)?.reason == "Applied")
        let added = LoadedChanges(base: CommitID("c2"), put: [more], removed: [])
        repository.commit("c3", kept + [taken, free, more], since: added)
        await reconcile()
        #expect(world[more.object.key] == nil)
        #expect(try world.ready(source)?.reason == "OwnershipConflict")
        // What is stored is declared, whatever a run calls its items later.
        world.with { $0.live = [free.object.key: "fix"] }
        repository.commit("c4", kept + [taken, free])
        await reconcile()
        #expect(try world.ready(source)?.reason == "Applied")
    }
}
