import Domain
import Reconciler
import Testing

@Suite struct SourceSignatureTests {
    private let world = World()
    private let repository = Repository()
    private let source = key("GitSource", "main")
    private let role = declared("Role", "a", ["x": 1])

    init() { world.put(Self.source()) }

    private static func source(
        mode: String = "range",
        signers: String = "ann",
        annotations: [String: String]? = nil
    ) -> Declared {
        gitSource(
            "main",
            ["verify": ["mode": .string(mode), "allowedSigners": .string(signers)]],
            annotations: annotations
        )
    }

    @discardableResult
    private func reconcile() async -> Outcome {
        await SourceController(objects: world.objectPorts, source: repository.ports)
            .reconcile(claimed(source))
    }

    private func refuse(_ commit: String) {
        let id = CommitID(commit)
        let verdict = SourceVerification(
            commit: id,
            reason: .missing,
            message: "commit \(commit) by Bob is not signed",
            rejected: id
        )
        repository.with { $0.unsigned[id] = verdict }
    }

    private func conditions() throws -> [Condition] {
        try world.status(source)["conditions"]?.decode() ?? []
    }

    private func verified() throws -> Condition? {
        try conditions().first { $0.type == "SourceVerified" }
    }

    @Test func `a signed commit is applied, and the condition names who signed it`() async throws {
        repository.commit("c1", [role])
        await reconcile()
        #expect(world[role.object.key] != nil && world.status(source)["appliedCommit"] == "c1")
        #expect(try conditions().map(\.type) == ["Ready", "SourceVerified"])
        let condition = try verified()
        #expect(condition?.status == .yes && condition?.reason == "Verified")
        #expect(condition?.message == "commit c1 is signed by ann")
        #expect(world.status(source).at("verification", "signer") == "ann")
    }

    @Test func `nothing of a refused commit is applied, nor even read, and what is in force stays`()
        async throws
    {
        repository.commit("c1", [role])
        await reconcile()
        let loads = repository.with(\.loads)
        repository.commit("c2", [declared("Role", "b")])
        refuse("c2")
        #expect(await reconcile() == .again(after: jittered(.seconds(30), for: "main")))
        #expect(world[key("Role", "b")] == nil && world[role.object.key] != nil)
        #expect(repository.with(\.loads) == loads && world.with { $0.revisions.count } == 1)
        #expect(world.status(source)["appliedCommit"] == "c1")
        #expect(world.status(source)["observedCommit"] == "c2")
        #expect(try conditions().map(\.type) == ["Ready", "SourceVerified", "Stalled"])
        let ready = try world.ready(source)
        #expect(ready?.status == .no && ready?.reason == "SignatureRejected")
        #expect(ready?.message == "commit c2 by Bob is not signed; what was applied before stays")
        let condition = try verified()
        #expect(condition?.status == .no && condition?.reason == "SignatureMissing")
        let told = world.with(\.events).filter { $0.type == "source.state_changed" }.map { $0.data["reason"] }
        #expect(told == ["Applied", "SignatureRejected"])
    }

    @Test func `a refused commit is judged once, and again for a person or for other signers`() async throws {
        repository.commit("c1", [role])
        refuse("c1")
        await reconcile()
        let writes = world.with(\.statusWrites)
        await reconcile()
        await reconcile()
        #expect(repository.with(\.judged.count) == 1 && world.with(\.statusWrites) == writes)
        world.put(Self.source(annotations: ["agirunner.dev/reconcile-at": "now"]))
        await reconcile()
        await reconcile()
        #expect(repository.with(\.judged.count) == 2)
        repository.with { $0.unsigned = [:] }
        world.put(Self.source(signers: "ann,bob"))
        await reconcile()
        #expect(repository.with(\.judged.count) == 3)
        #expect(world.status(source)["appliedCommit"] == "c1")
        #expect(try world.ready(source)?.status == .yes && verified()?.status == .yes)
    }

    @Test func `the next good commit is applied by itself, judged since the one in force`() async throws {
        repository.commit("c1", [role])
        await reconcile()
        repository.commit("c2", [role])
        refuse("c2")
        await reconcile()
        repository.commit("c3", [role])
        await reconcile()
        #expect(world.status(source)["appliedCommit"] == "c3")
        #expect(try world.ready(source)?.reason == "Applied")
        let bases = repository.with { $0.judged.map(\.base) }
        #expect(bases == [nil, CommitID("c1"), CommitID("c1")])
    }

    @Test func `a commit that is in force is not judged at each look`() async {
        repository.commit("c1", [role])
        await reconcile()
        await reconcile()
        await reconcile()
        #expect(repository.with(\.judged.count) == 1)
    }

    @Test func `what the condition says holds on while the repository is away`() async throws {
        repository.commit("c1", [role])
        await reconcile()
        let since = try verified()?.lastTransitionTime
        world.with { $0.now = $0.now + .seconds(60) }
        repository.with { $0.tipFailure = Failure(.unavailable, "no route to host") }
        await reconcile()
        #expect(try verified()?.status == .yes && verified()?.lastTransitionTime == since)
        #expect(try conditions().map(\.type) == ["Ready", "Reconciling", "SourceVerified"])
    }

    @Test func `without a policy nothing is judged, and there is no condition`() async throws {
        repository.commit("c1", [role])
        refuse("c1")
        await reconcile()
        #expect(world[role.object.key] == nil)
        world.put(Self.source(mode: "off"))
        await reconcile()
        #expect(world[role.object.key] != nil && repository.with(\.judged.count) == 1)
        #expect(try conditions().map(\.type) == ["Ready"])
        #expect(world.status(source)["verification"] == nil)
    }

    @Test func `a judgement that cannot be made is tried again, and nothing is applied meanwhile`()
        async throws
    {
        repository.commit("c1", [role])
        var ports = repository.ports
        ports.verify = { _, _, _, _ in throw Failure(.unavailable, "no ssh-keygen") }
        let outcome = await SourceController(objects: world.objectPorts, source: ports)
            .reconcile(claimed(source))
        #expect(outcome == .failed(Failure(.unavailable, "no ssh-keygen")))
        #expect(world[role.object.key] == nil && repository.with(\.loads) == 0)
        await reconcile()
        #expect(try world.ready(source)?.status == .yes)
    }

    @Test func `a rollback is judged as any other commit`() async throws {
        repository.commit("c1", [role])
        repository.commit("c2", [role])
        await reconcile()
        refuse("c1")
        world.put(Self.source(annotations: ["agirunner.dev/rollback": "c2..c1"]))
        await reconcile()
        #expect(world.status(source)["appliedCommit"] == "c2")
        #expect(try world.ready(source)?.reason == "SignatureRejected")
    }
}
