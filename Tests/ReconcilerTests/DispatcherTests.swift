import Domain
import Reconciler
import Testing
import Workflows

@Suite(.timeLimit(.minutes(1))) struct DispatcherTests {
    private let worker = WorkerRecord.of("w")

    private func dispatcher(_ world: World) -> Dispatcher {
        Dispatcher(ports: world.dispatchPorts(), lease: .seconds(30))
    }

    /// Claims the one task of a world's run.
    private func claim(_ world: World, token: String = "t") async throws -> UID {
        let claims = try await dispatcher(world).claim(for: worker, tokens: [token], wait: .zero)
        return try #require(claims.first).contract.identity.attemptUID
    }

    /// The failure of an operation that must not succeed.
    private func failure(_ operation: () async throws -> Void) async throws -> Failure {
        do {
            try await operation()
        } catch let failure as Failure {
            return failure
        }
        return try #require(nil, "the operation must fail")
    }

    @Test func `a claim hands out the task with its token, and holds a lease`() async throws {
        let world = try await World.withRun()
        let claims = try await dispatcher(world).claim(for: worker, tokens: ["t1", "t2"], wait: .zero)
        #expect(claims.map(\.token) == ["t1"])
        let attempt = try #require(world.run?.attempts.first)
        #expect(claims.first?.contract.identity.attemptUID == attempt.uid && attempt.worker == "w")
        #expect(world.run?.tasks.map(\.state) == [.claimed])
        #expect(world.with { $0.leases[attempt.uid] == $0.now + .seconds(30) })
    }

    @Test func `a repeated claim gets the attempt it got before`() async throws {
        let world = try await World.withRun()
        let first = try await claim(world)
        #expect(try await claim(world) == first)
        #expect(world.run?.attempts.count == 1)
    }

    @Test func `a repeated claim of an attempt that has ended gets nothing`() async throws {
        let world = try await World.withRun()
        try await world.deliver()
        #expect(try await dispatcher(world).claim(for: worker, tokens: ["t"], wait: .zero).isEmpty)
        #expect(world.run?.attempts.count == 1)
    }

    @Test(arguments: [
        WorkerRecord.of("w", namespaces: ["other"]),
        WorkerRecord.of("w", tags: ["default/role:reviewer"]),
    ]) func `a worker gets no task of another namespace or role`(worker: WorkerRecord) async throws {
        let world = try await World.withRun()
        #expect(try await dispatcher(world).claim(for: worker, tokens: ["t"], wait: .zero).isEmpty)
    }

    @Test func `a task of a paused run is not handed out`() async throws {
        let world = try await World.withRun()
        world.put(workflow("fix", state: "paused"))
        await world.reconcileWorkflow("fix")
        #expect(try await dispatcher(world).claim(for: worker, tokens: ["t"], wait: .zero).isEmpty)
    }

    @Test func `a claim waits for the first task that becomes ready`() async throws {
        let world = World()
        for object in configuration { world.put(object) }
        world.put(workflow("fix"))
        let ports = world.dispatchPorts { await world.reconcileWorkflow("fix") }
        let claims = try await Dispatcher(ports: ports, lease: .seconds(30))
            .claim(for: worker, tokens: ["t"], wait: .seconds(30))
        #expect(claims.map(\.token) == ["t"])
    }

    @Test func `a heartbeat renews what is live and tells how each attempt stands`() async throws {
        let world = try await World.withRun()
        let attempt = try await claim(world)
        world.with { $0.now = $0.now + .seconds(20) }
        let held = try await dispatcher(world).heartbeat(worker, attempts: [attempt, UID("unknown")])
        #expect(held == [attempt: HeldAttempt(state: .live, phase: .active)])
        #expect(world.with { $0.leases[attempt] == $0.now + .seconds(30) })
        world.put(workflow("fix", state: "paused"))
        await world.reconcileWorkflow("fix")
        let paused = try await dispatcher(world).heartbeat(worker, attempts: [attempt])
        #expect(paused == [attempt: HeldAttempt(state: .live, phase: .paused)])
        world.put(workflow("fix", state: "cancelled"))
        await world.reconcileWorkflow("fix")
        let cancelled = try await dispatcher(world).heartbeat(worker, attempts: [attempt])
        #expect(cancelled == [attempt: HeldAttempt(state: .cancelled, phase: .cancelled)])
        #expect(try await dispatcher(world).heartbeat(.of("other"), attempts: [attempt]).isEmpty)
    }

    @Test func `a lease that ran out is not renewed, and its task is given to the next`() async throws {
        let world = try await World.withRun()
        let lost = try await claim(world)
        world.with { $0.now = $0.now + .seconds(31) }
        let held = try await dispatcher(world).heartbeat(worker, attempts: [lost])
        #expect(held[lost]?.state == .lost)
        try await dispatcher(world).sweep()
        #expect(world.run?.attempts.map(\.state) == [.lost])
        #expect(world.run?.tasks.map(\.state) == [.ready])
        #expect(try await claim(world, token: "t2") != lost)
    }

    @Test func `a sweep leaves leases that hold alone`() async throws {
        let world = try await World.withRun()
        _ = try await claim(world)
        let before = world.run
        try await dispatcher(world).sweep()
        #expect(world.run == before)
    }

    @Test func `a sweep lets a gate expire whose time is over`() async throws {
        let world = try await World.withRun()
        try await world.deliver()
        try await dispatcher(world).sweep()
        #expect(world.run?.gates.map(\.state) == [.awaiting])
        world.with { $0.now = $0.now + .seconds(3600) }
        try await dispatcher(world).sweep()
        #expect(world.run?.gates.map(\.state) == [.expired])
        #expect(world.run?.workflow.reason == "gate_expired")
    }

    @Test func `a worker begins, announces and reports its attempt`() async throws {
        let world = try await World.withRun()
        let attempt = try await claim(world)
        let dispatcher = dispatcher(world)
        try await dispatcher.begin(attempt, token: "t", worker: worker)
        #expect(world.run?.tasks.map(\.state) == [.inProgress])
        try await dispatcher.announce(attempt, token: "t", commit: CommitID("c9"), worker: worker)
        #expect(world.run?.attempts.map(\.announced) == [CommitID("c9")])
        try await dispatcher.report(attempt, token: "t", requestID: "r", .completed, worker: worker)
        #expect(world.run?.tasks.map(\.state) == [.completed])
        #expect(world.run?.handoffs.map(\.summary) == ["done"])
    }

    @Test func `a report of an attempt that was lost changes nothing and says why`() async throws {
        let world = try await World.withRun()
        let attempt = try await claim(world)
        world.with { $0.now = $0.now + .seconds(31) }
        try await dispatcher(world).sweep()
        let before = world.run
        let failure = try await failure {
            try await dispatcher(world)
                .report(attempt, token: "t", requestID: "r", .completed, worker: worker)
        }
        #expect(failure.code == .conflict && failure.reason == "stale_attempt")
        #expect(world.run == before)
    }

    @Test func `a report with another attempt's token changes nothing`() async throws {
        let world = try await World.withRun()
        let attempt = try await claim(world)
        let before = world.run
        let failure = try await failure {
            try await dispatcher(world)
                .report(attempt, token: "stolen", requestID: "r", .completed, worker: worker)
        }
        #expect(failure.reason == "not_found" && world.run == before)
    }

    @Test func `an attempt that does not exist is not found`() async throws {
        let world = try await World.withRun()
        let failure = try await failure {
            try await dispatcher(world).begin(UID("nobody"), token: "t", worker: worker)
        }
        #expect(failure.code == .notFound && failure.reason == "not_found")
    }

    @Test func `a repeated report is answered like the first, and another one under its id refused`()
        async throws
    {
        let world = try await World.withRun()
        let attempt = try await claim(world)
        let dispatcher = dispatcher(world)
        for _ in 0..<2 {
            try await dispatcher.report(attempt, token: "t", requestID: "r", .completed, worker: worker)
        }
        #expect(world.run?.handoffs.count == 1)
        var other = AttemptReport.completed
        other.message = "something else"
        let failure = try await failure {
            try await dispatcher.report(attempt, token: "t", requestID: "r", other, worker: worker)
        }
        #expect(failure.code == .conflict && world.run?.handoffs.count == 1)
    }
}
