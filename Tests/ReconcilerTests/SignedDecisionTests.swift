import Domain
import Reconciler
import Testing

/// Decisions that a repository declares.
@Suite struct SignedDecisionTests {
    private let approval = key("Decision", "yes")

    /// A world whose run waits at a gate with these approvers.
    private func waiting(
        _ approvers: Value = ["signer:SHA256:ann"],
        mode: String = "tip"
    ) async throws -> World {
        let world = World()
        for object in configuration { world.put(object) }
        let playbook = try #require(world[key("Playbook", "one-stage")]?.object.spec)
        var stage = try #require(playbook["stages"]?.array?.first)
        var gate = try #require(stage["gate"])
        gate["approvers"] = approvers
        stage["gate"] = gate
        var spec = playbook
        spec["stages"] = [stage]
        world.put(declared("Playbook", "one-stage", spec))
        world.put(source(mode))
        world.put(workflow("fix"))
        try #require(await world.reconcileWorkflow("fix") == .done)
        try await world.deliver()
        try #require(world.run?.gates.map(\.state) == [.awaiting])
        return world
    }

    private func source(_ mode: String) -> Declared {
        gitSource("main", ["verify": ["mode": .string(mode), "allowedSigners": "ann"]])
    }

    /// A Decision as a commit declares it.
    private func put(_ action: String, in world: World, by signer: String? = "SHA256:ann") {
        var decision = decision("yes", action, "fix")
        decision.origin = declared("Decision", "yes", at: "decisions/yes.yaml").origin
        world.put(decision)
        let introducer = signer.map { Introducer.signer(fingerprint: $0, name: "ann@example.org") }
        world.with { $0.introducers["decisions/yes.yaml"] = introducer }
    }

    private func expectRefusal(_ world: World, _ words: String) throws {
        #expect(world.status(approval)["outcome"] == "refused")
        #expect(world.status(approval)["reason"] == "not_an_approver")
        let message = try world.ready(approval)?.message
        #expect(message?.contains(words) == true, "\(message ?? "")")
        #expect(world.run?.gates.map(\.state) == [.awaiting])
        #expect(world.run?.workflow.phase == .active)
    }

    @Test func `whoever signed the commit that brought a Decision votes at a gate that names the key`()
        async throws
    {
        let world = try await waiting()
        put("approve", in: world)
        #expect(await world.reconcileDecision("yes") == .done)
        #expect(world.run?.workflow.phase == .completed)
        #expect(world.run?.gates.first?.votes.map(\.by) == ["signer:SHA256:ann"])
        #expect(world.status(approval)["by"] == "signer:SHA256:ann")
    }

    @Test func `a Decision from git counts for nothing while its commit is not signed`() async throws {
        let world = try await waiting()
        put("approve", in: world, by: nil)
        await world.reconcileDecision("yes")
        try expectRefusal(world, "counts only when the commit that brought its file is signed, and commit c1")
    }

    @Test func `a source that verifies nothing has no Decisions, whoever signed them`() async throws {
        let world = try await waiting(mode: "off")
        put("approve", in: world)
        await world.reconcileDecision("yes")
        try expectRefusal(world, "GitSource/main verifies no signatures")
        try expectRefusal(world, "; try: agirunner approve workflow/fix")
        world.with { $0.objects[key("GitSource", "main")] = nil }
        put("reject", in: world)
        world.with { $0.objects[approval]?.object.status = nil }
        await world.reconcileDecision("yes")
        try expectRefusal(world, "the source is gone")
    }

    @Test func `a signer has no role, and is nobody at a gate that asks for one`() async throws {
        let world = try await waiting(["role:operator", "role:viewer", "signer:SHA256:bob"])
        put("approve", in: world)
        await world.reconcileDecision("yes")
        try expectRefusal(world, "is decided by role:operator, role:viewer, signer:SHA256:bob")
    }

    @Test(arguments: ["pause", "cancel"])
    func `a signer votes and does nothing else`(action: String) async throws {
        let world = try await waiting()
        put(action, in: world)
        await world.reconcileDecision("yes")
        try expectRefusal(world, "(ann@example.org) may only vote on gates that name it")
    }
}
