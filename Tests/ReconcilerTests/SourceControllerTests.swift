import Domain
import Reconciler
import Synchronization
import Testing

/// A git repository with its commits already read.
final class Repository: Sendable {
    struct Contents: Sendable {
        var tip: CommitID?
        var revisions: [CommitID: LoadedRevision] = [:]
        var loads = 0
        var tipFailure: Failure?
        var loadFailure: Failure?
        /// Commits that no other one follows.
        var abandoned: Set<CommitID> = []
        /// Commits whose signatures do not count, with what is wrong with them.
        var unsigned: [CommitID: SourceVerification] = [:]
        /// What was judged: commits, each with what was in force.
        var judged: [(tip: CommitID, base: CommitID?)] = []
    }

    private let contents = Mutex(Contents())

    @discardableResult
    func with<Answer: Sendable>(_ body: (inout Contents) throws -> Answer) rethrows -> Answer {
        try contents.withLock { contents in try body(&contents) }
    }

    func commit(
        _ name: String,
        _ declared: [Declared],
        errors: [ObjectKey: Diagnostic] = [:],
        unreadable: Diagnostic? = nil,
        warnings: [Diagnostic] = [],
        since changes: LoadedChanges? = nil
    ) {
        let id = CommitID(name)
        let revision = LoadedRevision(
            commit: id,
            author: "Ann",
            message: "m",
            declared: declared,
            diagnostics: (Array(errors.values) + [unreadable].compactMap { $0 } + warnings).sorted(),
            heldBack: errors,
            changes: changes
        )
        with { contents in
            contents.tip = id
            contents.revisions[id] = revision
        }
    }

    var ports: SourcePorts {
        SourcePorts(
            tip: { _, _ in
                try self.with { contents in
                    if let failure = contents.tipFailure { throw failure }
                    return contents.tip
                }
            },
            load: { _, _, commit in
                try self.with { contents in
                    contents.loads += 1
                    if let failure = contents.loadFailure { throw failure }
                    guard let revision = contents.revisions[commit] else {
                        throw Failure(.notFound, "no commit \(commit)")
                    }
                    return revision
                }
            },
            follows: { _, _, earlier in self.with { !$0.abandoned.contains(earlier) } },
            verify: { _, _, commit, base in
                self.with { contents in
                    contents.judged.append((commit, base))
                    return contents.unsigned[commit]
                        ?? SourceVerification(
                            commit: commit,
                            reason: .verified,
                            message: "commit \(commit) is signed by ann",
                            signer: "ann"
                        )
                }
            }
        )
    }
}

@Suite struct SourceControllerTests {
    private let world = World()
    private let repository = Repository()
    private let source = key("GitSource", "main")
    private let role = declared("Role", "a", ["x": 1])
    private let mistake = Diagnostic(
        code: "SCH001",
        path: "a.yaml",
        span: TextSpan(
            start: TextPosition(line: 4, column: 2),
            end: TextPosition(line: 4, column: 3)
        ),
        message: "x must be a number"
    )

    init() { world.put(Self.source()) }

    private static func source(
        suspend: Bool = false,
        interval: String = "30s",
        maxPercent: Int64 = 50,
        annotations: [String: String]? = nil
    ) -> Declared {
        gitSource(
            "main",
            [
                "suspend": .bool(suspend), "interval": .string(interval),
                "prune": ["enabled": true, "maxPercent": .integer(maxPercent)],
            ],
            annotations: annotations
        )
    }

    @discardableResult
    private func reconcile() async -> Outcome {
        await SourceController(objects: world.objectPorts, source: repository.ports)
            .reconcile(claimed(source))
    }

    @Test func `a new commit is applied, and the source and its objects say so`() async throws {
        repository.commit("c1", [role])
        #expect(await reconcile() == .again(after: jittered(.seconds(30), for: "main")))
        #expect(world[role.object.key]?.object.spec == ["x": 1])
        #expect(try world.ready(role.object.key)?.status == .yes)
        #expect(world.status(source)["appliedCommit"] == "c1")
        #expect(try world.ready(source)?.message == "applied 1 of 1 objects of c1")
    }

    @Test func `a ref that did not move is not even read`() async {
        repository.commit("c1", [role])
        await reconcile()
        let writes = world.with { $0.statusWrites }
        #expect(await reconcile() == .again(after: jittered(.seconds(30), for: "main")))
        #expect(repository.with { $0.loads } == 1)
        #expect(world.with { $0.revisions.count } == 1)
        #expect(world.with { $0.statusWrites } == writes)
    }

    @Test func `a Policy that is new or changed has the same commit read again, once`() async {
        repository.commit("c1", [role])
        await reconcile()
        for spec: Value in [["assesses": ["a"]], ["assesses": ["b"]]] {
            let before = repository.with(\.loads)
            world.put(declared("Policy", "gates", spec).applied(by: "unix:0"))
            await reconcile()
            await reconcile()
            #expect(repository.with(\.loads) == before + 1)
        }
        #expect(repository.with(\.loads) == 3)
    }

    @Test func `a Policy of any namespace counts for a source that may write to all of them`() async {
        repository.commit("c1", [role])
        await reconcile()
        var policy = declared("Policy", "gates", ["assesses": ["a"]]).applied(by: "unix:0")
        policy.object.metadata.namespace = "elsewhere"
        world.put(policy)
        await reconcile()
        #expect(repository.with(\.loads) == 2)
        world.put(gitSource("main", ["grants": ["namespaces": ["default"], "kinds": ["*"]]]))
        await reconcile()
        let before = repository.with(\.loads)
        policy.object.spec = ["assesses": ["b"]]
        policy.digest = digest([1])
        world.put(policy)
        await reconcile()
        #expect(repository.with(\.loads) == before)
    }

    @Test func `a person who asks for it has the same commit read again, once`() async {
        repository.commit("c1", [role])
        await reconcile()
        world.put(Self.source(annotations: ["agirunner.dev/reconcile-at": "now"]))
        await reconcile()
        await reconcile()
        #expect(repository.with { $0.loads } == 2)
        #expect(world.with { $0.revisions.count } == 1)
    }

    @Test(arguments: [nil, ["agirunner.dev/suspend": "true"]])
    func `a suspended source is left alone`(annotations: [String: String]?) async throws {
        repository.commit("c1", [role])
        world.put(Self.source(suspend: annotations == nil, annotations: annotations))
        #expect(await reconcile() == .done)
        #expect(repository.with { $0.loads } == 0 && world[role.object.key] == nil)
        #expect(try world.ready(source)?.reason == "Suspended")
        world.put(Self.source())
        await reconcile()
        #expect(try world.ready(source)?.reason == "Applied")
        world.put(Self.source(suspend: annotations == nil, annotations: annotations))
        await reconcile()
        world.put(Self.source())
        await reconcile()
        #expect(try world.ready(source)?.reason == "Applied")
    }

    @Test func `a suspended source applies the commit of a plan, once and only on what it is based on`()
        async throws
    {
        repository.commit("c1", [role])
        repository.commit("c2", [])
        func suspend(_ plan: String) {
            world.put(Self.source(suspend: true, annotations: ["agirunner.dev/apply-plan": plan]))
        }
        for stale in ["c0..c1", "..", "c1"] {
            suspend(stale)
            #expect(await reconcile() == .done && world[role.object.key] == nil, "\(stale)")
        }
        suspend("..c1")
        await reconcile()
        #expect(world[role.object.key] != nil && world.status(source)["appliedCommit"] == "c1")
        #expect(await reconcile() == .done, "the ref, which leads to c2, waits for another plan")
        #expect(try world.ready(source)?.reason == "Suspended")
        #expect(world.status(source)["appliedCommit"] == "c1" && repository.with(\.loads) == 1)
    }

    @Test func `a ref that is missing removes nothing, and is looked for again`() async throws {
        repository.commit("c1", [role])
        await reconcile()
        repository.with { $0.tip = nil }
        #expect(await reconcile() == .again(after: jittered(.seconds(30), for: "main")))
        let ready = try world.ready(source)
        #expect(ready?.status == .no && ready?.reason == "ReferenceNotFound")
        #expect(ready?.message.contains("branch 'main' does not exist in /srv/config") == true)
        #expect(world[role.object.key] != nil)
    }

    @Test func `a source whose remote answers again is ready again`() async throws {
        repository.commit("c1", [role])
        await reconcile()
        repository.with { $0.tipFailure = Failure(.unavailable, "no route to host") }
        await reconcile()
        #expect(try world.ready(source)?.reason == "Unavailable")
        repository.with { $0.tipFailure = nil }
        await reconcile()
        #expect(try world.ready(source)?.status == .yes)
        repository.with { $0.tip = nil }
        await reconcile()
        repository.with { $0.tip = CommitID("c1") }
        await reconcile()
        #expect(try world.ready(source)?.status == .yes)
    }

    @Test func `a commit with an error keeps what was good before, and applies the rest`() async throws {
        repository.commit("c1", [role])
        await reconcile()
        let new = declared("Role", "b", at: "b.yaml")
        repository.commit("c2", [new], errors: [role.object.key: mistake])
        await reconcile()
        #expect(world[role.object.key]?.object.spec == ["x": 1])
        #expect(world[new.object.key] != nil)
        let held = try world.ready(role.object.key)
        #expect(held?.status == .no && held?.reason == "InvalidFile")
        #expect(held?.message == "a.yaml:4: x must be a number")
        #expect(try world.ready(source)?.reason == "InvalidFiles")
        #expect(try world.ready(source)?.message.hasPrefix("applied 1 of 2 objects of c2; 1 error") == true)
        #expect(world.status(source)["heldBack"] == 1)
        #expect(try world.status(source)["diagnostics"]?.array?.first == Value(encoding: mistake))
    }

    private func warning(line: Int) -> Diagnostic {
        let place = TextPosition(line: line, column: 1)
        let span = TextSpan(start: place, end: place)
        return Diagnostic(code: "SEM011", severity: .warning, path: "a.yaml", span: span, message: "m")
    }

    @Test func `a warning is shown, holds nothing back, and is no reason to look again`() async throws {
        repository.commit("c1", [role], warnings: [warning(line: 1)])
        await reconcile()
        #expect(world[role.object.key] != nil)
        #expect(try world.ready(source)?.status == .yes)
        let message = "applied 1 of 1 objects of c1; 1 warning, see status.diagnostics"
        #expect(try world.ready(source)?.message == message)
        #expect(world.status(source)["diagnostics"]?.array?.count == 1)
        await reconcile()
        #expect(repository.with { $0.loads } == 1)
    }

    @Test func `an error is not left out of the status for many warnings`() async {
        repository.commit("c1", [], unreadable: mistake, warnings: (1...60).map(warning))
        await reconcile()
        let shown = world.status(source)["diagnostics"]?.array ?? []
        #expect(shown.count == 50 && shown.contains { $0["code"] == "SCH001" })
    }

    @Test func `a stored interval of nothing does not keep the loop busy`() async {
        world.put(Self.source(interval: "0s"))
        repository.commit("c1", [role])
        #expect(await reconcile() == .again(after: jittered(.seconds(1), for: "main")))
    }

    @Test func `an object that moved into a file with a slip of the pen is not deleted`() async throws {
        let others = (0..<4).map { declared("Role", "r\($0)") }
        let moved = declared("Role", "moved", at: "old.yaml")
        repository.commit("c1", others + [moved])
        await reconcile()
        repository.commit("c2", others, unreadable: mistake)
        await reconcile()
        #expect(world[moved.object.key] != nil)
        #expect(try world.ready(source)?.reason == "InvalidFiles")
        repository.commit("c3", others)
        await reconcile()
        #expect(world[moved.object.key] == nil)
    }

    @Test func `a mended file takes effect, and its object is ready again`() async throws {
        repository.commit("c1", [role], errors: [key("Role", "b"): mistake])
        await reconcile()
        repository.commit("c2", [role, declared("Role", "b", ["x": 2])])
        await reconcile()
        #expect(world[key("Role", "b")]?.object.spec == ["x": 2])
        #expect(try world.ready(source)?.status == .yes)
    }

    @Test func `a file that is put back as it was makes its object ready again`() async throws {
        repository.commit("c1", [role])
        await reconcile()
        repository.commit("c2", [], errors: [role.object.key: mistake])
        await reconcile()
        #expect(try world.ready(role.object.key)?.reason == "InvalidFile")
        repository.commit("c3", [role])
        await reconcile()
        #expect(try world.ready(role.object.key)?.reason == "Applied")
    }

    @Test func `however many objects a commit has, one status is written`() async {
        repository.commit("c1", (0..<50).map { declared("Role", "r\($0)") })
        await reconcile()
        #expect(world.with { $0.statusWrites } == 1)
    }

    @Test func `a history that was rewritten is told, and applied like any other`() async throws {
        repository.commit("c1", [role])
        await reconcile()
        repository.commit("c2", [role])
        await reconcile()
        repository.with { $0.abandoned = [CommitID("c2")] }
        repository.commit("c3", [role])
        await reconcile()
        await reconcile()
        let events = world.with { $0.events }.filter { $0.type == "source.history_rewritten" }
        #expect(events.map(\.data) == [["from": "c2", "to": "c3"]] && events.first?.subject == source)
        #expect(world.status(source)["appliedCommit"] == "c3")
    }

    @Test func `another ref is no rewritten history`() async {
        repository.commit("c1", [role])
        await reconcile()
        repository.with { $0.abandoned = [CommitID("c1")] }
        world.put(Self.source(maxPercent: 60))
        repository.commit("c2", [role])
        await reconcile()
        #expect(world.status(source)["appliedCommit"] == "c2")
        #expect(!world.with { $0.events }.contains { $0.type == "source.history_rewritten" })
    }

    @Test func `intervals are spread by a tenth, and are the same for the same name each time`() {
        let minute = Duration.seconds(60)
        let spread = (0..<1000).map { jittered(minute, for: "source-\($0)") }
        #expect(spread.allSatisfy { $0 >= .seconds(54) && $0 <= .seconds(66) })
        #expect(spread == (0..<1000).map { jittered(minute, for: "source-\($0)") })
        // Sources of one interval are not looked at together: no second has much more than its part.
        let seconds = Dictionary(grouping: spread) { $0.components.seconds }
        #expect(seconds.count >= 12 && seconds.values.allSatisfy { $0.count < 150 })
    }

    @Test func `what becomes of a source is told once, as an event`() async {
        repository.commit("c1", [role])
        await reconcile()
        await reconcile()
        repository.with { $0.tipFailure = Failure(.unavailable, "no route to host") }
        await reconcile()
        await reconcile()
        repository.with { $0.tipFailure = nil }
        await reconcile()
        let events = world.with { $0.events }
        #expect(events.map { $0.data["reason"] } == ["Applied", "Unavailable", "Applied"])
        #expect(events.allSatisfy { $0.type == "source.state_changed" && $0.subject == source })
    }

    @Test func `a commit that cannot be read fails with its reason and changes nothing`() async throws {
        repository.commit("c1", [role])
        await reconcile()
        repository.commit("c2", [])
        repository.with { $0.loadFailure = Failure(.invalid, "too large", reason: "tree_too_large") }
        let outcome = await reconcile()
        #expect(outcome == .failed(Failure(.invalid, "too large", reason: "tree_too_large")))
        let ready = try world.ready(source)
        #expect(ready?.status == .no && ready?.reason == "TreeTooLarge")
        #expect(ready?.message == "too large; what was applied before stays")
        #expect(world.status(source)["appliedCommit"] == "c1" && world[role.object.key] != nil)
    }

    @Test func `a claim on somebody else's object is told, and the object stays theirs`() async throws {
        world.put(declared("Role", "a", ["x": 9], source: "other"))
        repository.commit("c1", [role])
        await reconcile()
        #expect(world[role.object.key]?.object.spec == ["x": 9])
        #expect(world[role.object.key]?.origin.gitSource == "other")
        #expect(try world.ready(source)?.reason == "OwnershipConflict")
    }

    @Test func `a commit that would delete too much deletes nothing and says so`() async throws {
        let roles = (0..<4).map { declared("Role", "r\($0)") }
        repository.commit("c1", roles)
        await reconcile()
        repository.commit("c2", [roles[0]])
        await reconcile()
        #expect(roles.allSatisfy { world[$0.object.key] != nil })
        #expect(try world.ready(source)?.reason == "PruneRefused")
        world.put(Self.source(maxPercent: 80))
        await reconcile()
        #expect(roles.map { world[$0.object.key] != nil } == [true, false, false, false])
        #expect(try world.ready(source)?.reason == "Applied")
    }

    @Test func `a source that is gone needs nothing`() async {
        world.with { $0.objects = [:] }
        #expect(await reconcile() == .done)
    }
}

// A commit after one that was wholly applied: what it changes is all that is looked at.
extension SourceControllerTests {
    private var other: Declared { declared("Role", "b", ["x": 1]) }

    private func changes(_ put: [Declared], removed: [ObjectKey] = [], base: String = "c1") -> LoadedChanges {
        LoadedChanges(base: CommitID(base), put: put, removed: removed)
    }

    /// Applies two roles, then a commit that changes one of them; answers how often everything was read.
    private func second(_ changes: LoadedChanges, _ all: [Declared], between: () -> Void = {}) async -> Int {
        repository.commit("c1", [role, other])
        await reconcile()
        between()
        let before = world.with { $0.readsOfAll }
        repository.commit("c2", all, since: changes)
        await reconcile()
        return world.with { $0.readsOfAll } - before
    }

    @Test func `a commit is planned by what it changes, and is written as what declares it`() async throws {
        let changed = declared("Role", "b", ["x": 2])
        #expect(await second(changes([changed]), [role, changed]) == 0)
        #expect(world[changed.object.key]?.object.spec == ["x": 2])
        #expect(world[changed.object.key]?.origin.commit == CommitID("c2"))
        #expect(world.with { $0.revisions.last?.steps.count } == 1)
        #expect(try world.ready(source)?.message == "applied 2 of 2 objects of c2")
    }

    @Test func `a commit that takes something away is planned by everything`() async throws {
        let gone = changes([], removed: [other.object.key])
        #expect(await second(gone, [role]) == 1)
        #expect(world[other.object.key] == nil)
    }

    @Test func `after another commit than the last that was loaded everything is planned`() async {
        let changed = declared("Role", "b", ["x": 2])
        #expect(await second(changes([changed], base: "c0"), [role, changed]) == 1)
    }

    @Test func `when another control plane has begun a revision everything is planned`() async {
        let changed = declared("Role", "b", ["x": 2])
        let reads = await second(changes([changed]), [role, changed]) {
            world.with { contents in
                guard var begun = contents.revisions.last else { return }
                begun.commit = CommitID("c9")
                contents.revisions.append(begun)
            }
        }
        #expect(reads == 1)
    }

    @Test func `whoever asks for a look beside a commit has everything planned`() async {
        let changed = declared("Role", "b", ["x": 2])
        let reads = await second(changes([changed]), [role, changed]) {
            world.put(Self.source(annotations: ["agirunner.dev/reconcile-at": "now"]))
        }
        #expect(reads == 1)
    }

    @Test func `after a commit that was not wholly applied everything is planned`() async {
        let foreign = declared("Role", "b", ["x": 5]).applied(by: "unix:0")
        world.put(foreign)
        let changed = declared("Role", "a", ["x": 2])
        #expect(await second(changes([changed]), [changed, other]) == 1)
        #expect(world[other.object.key]?.object.spec == ["x": 5])
    }
}
