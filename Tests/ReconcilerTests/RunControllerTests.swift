import Domain
import Reconciler
import Testing
import Workflows

extension World {
    @discardableResult
    func reconcileWorkflow(_ name: String) async -> Outcome {
        await WorkflowController(objects: objectPorts, runs: runPorts)
            .reconcile(claimed(key("Workflow", name)))
    }

    @discardableResult
    func reconcileDecision(_ name: String) async -> Outcome {
        await DecisionController(objects: objectPorts, runs: runPorts, introducer: introducer)
            .reconcile(claimed(key("Decision", name)))
    }

    /// A world in which a run of the one-stage playbook has just begun.
    static func withRun() async throws -> World {
        let world = World()
        for object in configuration { world.put(object) }
        world.put(workflow("fix"))
        try #require(await world.reconcileWorkflow("fix") == .done)
        return world
    }

    /// Claims, begins and completes the run's one task, so that its gate opens.
    func deliver() async throws {
        let dispatcher = Dispatcher(ports: dispatchPorts(), lease: .seconds(30))
        let claim = try #require(
            try await dispatcher.claim(for: .of("w"), tokens: ["t"], wait: .zero).first
        )
        let attempt = claim.contract.identity.attemptUID
        try await dispatcher.report(attempt, token: "t", requestID: "r", .completed, worker: .of("w"))
    }
}

extension WorkerRecord {
    static func of(_ name: String, namespaces: [String] = ["default"], tags: [String] = []) -> WorkerRecord {
        WorkerRecord(
            uid: UID(name),
            name: name,
            pool: "p",
            runtime: name,
            namespaces: namespaces,
            tags: tags,
            commands: [],
            slots: 2,
            version: "1",
            createdAt: Timestamp(microseconds: 0)
        )
    }
}

extension AttemptReport {
    static let completed = AttemptReport(
        outcome: .completed,
        handoff: Handoff(summary: "done", completion: .full, resolution: nil, body: ["summary": "done"]),
        category: nil,
        message: nil,
        usage: .zero,
        commit: nil
    )
}

@Suite struct WorkflowControllerTests {
    @Test func `a declared workflow becomes a run whose first task is ready`() async throws {
        let world = try await World.withRun()
        let run = try #require(world.run)
        #expect(run.workflow.phase == .active && run.workflow.playbook == "one-stage")
        #expect(run.tasks.map(\.state) == [.ready])
        #expect(world.status(key("Workflow", "fix"))["phase"] == "active")
    }

    @Test func `a second look begins nothing and changes nothing`() async throws {
        let world = try await World.withRun()
        let before = world.run
        #expect(await world.reconcileWorkflow("fix") == .done)
        #expect(world.run == before && world.with { $0.runs.count } == 1)
    }

    @Test func `a run whose playbook is missing says which, and begins when it comes`() async throws {
        let world = World()
        world.put(workflow("fix"))
        #expect(await world.reconcileWorkflow("fix") == .again(after: .seconds(10)))
        let ready = try world.ready(key("Workflow", "fix"))
        #expect(ready?.status == .no && ready?.reason == "ReferenceNotFound")
        #expect(ready?.message.contains("Playbook/one-stage") == true)
        for object in configuration { world.put(object) }
        #expect(await world.reconcileWorkflow("fix") == .done)
        #expect(world.run?.workflow.phase == .active)
    }

    @Test func `a run that asks for another version of its playbook does not begin`() async throws {
        let world = World()
        for object in configuration { world.put(object) }
        world.put(workflow("fix", version: "2"))
        await world.reconcileWorkflow("fix")
        #expect(world.run == nil)
        #expect(try world.ready(key("Workflow", "fix"))?.reason == "VersionNotFound")
    }

    @Test func `a changed file pauses, resumes and cancels its run`() async throws {
        let world = try await World.withRun()
        for (state, phase) in [("paused", WorkflowPhase.paused), ("run", .active), ("cancelled", .cancelled)]
        {
            world.put(workflow("fix", state: state))
            await world.reconcileWorkflow("fix")
            #expect(world.run?.workflow.phase == phase)
        }
        world.put(workflow("fix", state: "run"))
        await world.reconcileWorkflow("fix")
        #expect(world.run?.workflow.phase == .cancelled)
    }

    @Test func `a workflow that is gone, or was never written, needs nothing`() async {
        #expect(await World().reconcileWorkflow("fix") == .done)
    }
}

@Suite struct DecisionControllerTests {
    private let approval = key("Decision", "yes")

    /// A world whose run waits at its gate.
    private func waiting() async throws -> World {
        let world = try await World.withRun()
        try await world.deliver()
        try #require(world.run?.gates.map(\.state) == [.awaiting])
        return world
    }

    @Test func `a Decision takes effect and says so`() async throws {
        let world = try await waiting()
        world.put(decision("yes", "approve", "fix"))
        #expect(await world.reconcileDecision("yes") == .done)
        #expect(world.run?.workflow.phase == .completed)
        #expect(world.run?.gates.first?.votes.map(\.by) == ["unix:1000"])
        #expect(world.status(approval)["outcome"] == "applied")
        #expect(world.status(approval)["by"] == "unix:1000")
        #expect(try world.ready(approval)?.status == .yes)
    }

    @Test func `a Decision that was executed is never executed again`() async throws {
        let world = try await waiting()
        world.put(decision("yes", "approve", "fix"))
        await world.reconcileDecision("yes")
        let (run, status) = (world.run, world.status(approval))
        world.with { $0.now = $0.now + .seconds(60) }
        #expect(await world.reconcileDecision("yes") == .done)
        #expect(world.run == run && world.status(approval) == status)
    }

    @Test func `a Decision whose status was lost in a crash is not executed twice`() async throws {
        let world = try await waiting()
        world.put(decision("wait", "pause", "fix"))
        await world.reconcileDecision("wait")
        try #require(world.run?.workflow.phase == .paused)
        world.put(decision("go", "resume", "fix"))
        await world.reconcileDecision("go")
        world.with { $0.objects[key("Decision", "wait")]?.object.status = nil }
        await world.reconcileDecision("wait")
        #expect(world.status(key("Decision", "wait"))["outcome"] == "applied")
        #expect(world.run?.workflow.phase == .active)
    }

    @Test func `a Decision that a rule refuses records why, and is not tried again`() async throws {
        let world = try await World.withRun()
        world.put(decision("yes", "approve", "fix"))
        #expect(await world.reconcileDecision("yes") == .done)
        #expect(world.status(approval)["outcome"] == "refused")
        #expect(world.status(approval)["reason"] == "no_open_gate")
        #expect(try world.ready(approval)?.reason == "Refused")
        try await world.deliver()
        await world.reconcileDecision("yes")
        #expect(world.run?.gates.map(\.state) == [.awaiting])
    }

    @Test func `a Decision on something that does not exist is refused`() async throws {
        let world = try await World.withRun()
        world.put(decision("yes", "approve", "nothing"))
        await world.reconcileDecision("yes")
        #expect(world.status(approval)["reason"] == "not_found")
    }

    @Test func `a Decision that the store could not take is tried again`() async throws {
        let world = try await waiting()
        world.put(decision("yes", "approve", "fix"))
        var runs = world.runPorts
        runs.transact = { _, _, _, _, _ in throw Failure(.unavailable, "the store is away") }
        let controller = DecisionController(
            objects: world.objectPorts,
            runs: runs,
            introducer: world.introducer
        )
        let outcome = await controller.reconcile(claimed(approval))
        #expect(outcome == .failed(Failure(.unavailable, "the store is away")))
        #expect(world.status(approval)["outcome"] == nil)
        await world.reconcileDecision("yes")
        #expect(world.run?.workflow.phase == .completed)
    }
}
