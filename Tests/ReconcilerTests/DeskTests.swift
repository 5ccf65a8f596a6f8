import Domain
import Reconciler
import Secrets
import Synchronization
import Testing
import WorkerProtocol

/// Workers, runtimes and pools in memory behind the ports of the desks.
private final class Roster: Sendable {
    struct Contents: Sendable {
        var workers: [String: (record: WorkerRecord, token: Digest)] = [:]
        var runtimes: [RuntimeRecord] = []
        var pools: [Stored] = [declared("RuntimePool", "p", pool).stored]
        var logs: [UID] = []
        var tokens = 0
        var now = Timestamp(microseconds: 1_000_000)
    }

    private let contents = Mutex(Contents())

    func with<Answer: Sendable>(_ body: (inout Contents) -> sending Answer) -> Answer {
        contents.withLock { contents in body(&contents) }
    }

    var ports: RosterPorts {
        RosterPorts(
            worker: { token in self.with { $0.workers.values.first { $0.token == token }?.record } },
            workers: { self.with { $0.workers.values.map(\.record) } },
            register: { record, token, _ in self.with { $0.workers[record.name] = (record, token) } },
            touch: { name in self.with { $0.workers[name]?.record.state } ?? .offline },
            move: { name, state, _ in self.with { $0.workers[name]?.record.state = state } },
            appendLogs: { attempt, _ in self.with { $0.logs.append(attempt) } },
            runtimes: { self.with(\.runtimes) },
            provision: { record, _ in self.with { $0.runtimes.append(record) } },
            settle: { name, state, _, _ in
                self.with { contents in
                    for index in contents.runtimes.indices where contents.runtimes[index].name == name {
                        contents.runtimes[index].state = state
                    }
                }
            },
            pools: { self.with(\.pools) },
            load: { (ready: ["default": 2, "other": 5], live: ["r": 1]) },
            now: { self.with(\.now) },
            newUID: { UID("new") },
            newToken: {
                let number = self.with { contents in
                    contents.tokens += 1
                    return contents.tokens
                }
                return "token-\(number)"
            },
            digest: digest
        )
    }
}

private let pool: Value = [
    "namespaces": ["default"], "shared": true, "serves": ["roles": ["dev"]], "mode": "warm", "min": 0,
    "max": 3, "priority": 0, "drainGrace": "1m", "tasksPerRuntime": 2,
]

@Suite(.timeLimit(.minutes(1))) struct DeskTests {
    private let roster = Roster()
    private let owner: UInt32 = 1000

    private var fleet: FleetDesk {
        FleetDesk(roster: roster.ports, peers: PeerRule(owner: owner), token: SecretText("fleet"))
    }

    private func workers(_ world: World = World()) -> WorkerDesk {
        WorkerDesk(
            roster: roster.ports,
            dispatcher: Dispatcher(ports: world.dispatchPorts(), lease: .seconds(30)),
            peers: PeerRule(owner: owner),
            heartbeat: .seconds(5),
            lease: .seconds(30)
        )
    }

    private func bearing(_ token: String, user: UInt32? = nil) -> WorkerCredential {
        WorkerCredential(token: SecretText(token), userID: user ?? owner)
    }

    /// Provisions the runtime `r` and registers its worker; answers what the worker bears from then on.
    private func register(_ world: World = World()) async throws -> WorkerCredential {
        let made = try await fleet.provision(ProvisionRequest(pool: "p", runtime: "r"), bearing("fleet"))
        let reply = try await workers(world).register(request, bearing(made.token))
        #expect(reply.slots == 2 && reply.heartbeatMilliseconds == 5000 && reply.leaseMilliseconds == 30_000)
        return bearing(reply.token)
    }

    /// A desk with a worker that holds the one task of a world's run.
    private func claimed(
        _ world: World
    ) async throws -> (desk: WorkerDesk, worker: WorkerCredential, claim: ClaimReply.Claim) {
        let worker = try await register(world)
        let desk = workers(world)
        let request = ClaimRequest(count: 1, waitMilliseconds: 0, requestID: "one")
        return (desk, worker, try #require(try await desk.claim(request, worker).claims.first))
    }

    private let request = RegisterRequest(runtime: "r", commands: ["git"], version: "1")

    /// The code of the failure that an operation ends with; nil when it succeeds.
    private func code(_ operation: () async throws -> Void) async -> Failure.Code? {
        do { try await operation() } catch { return (error as? Failure)?.code }
        return nil
    }

    @Test func `a runtime registers with the token it was provisioned with`() async throws {
        let made = try await fleet.provision(ProvisionRequest(pool: "p", runtime: "r"), bearing("fleet"))
        #expect(
            await code { _ = try await workers().register(request, bearing("guess")) } == .unauthenticated
        )
        let reply = try await workers().register(request, bearing(made.token))
        let worker = try #require(roster.with { $0.workers["r"]?.record })
        #expect(worker.tags == ["default/role:dev"] && worker.namespaces == ["default"])
        let beat = HeartbeatRequest(attempts: [], isDraining: false)
        #expect(try await workers().heartbeat(beat, bearing(reply.token)).mustDrain == false)
        // The provisioning token is good for registering alone.
        #expect(
            await code { _ = try await workers().heartbeat(beat, bearing(made.token)) } == .unauthenticated
        )
    }

    @Test func `a runtime that is gone registers no more`() async throws {
        let made = try await fleet.provision(ProvisionRequest(pool: "p", runtime: "r"), bearing("fleet"))
        _ = try await fleet.inventory(
            InventoryReport(entries: [.init(runtime: "r", pool: "p", isRunning: false, message: nil)]),
            bearing("fleet")
        )
        #expect(
            await code { _ = try await workers().register(request, bearing(made.token)) } == .unauthenticated
        )
    }

    @Test func `another user is refused whatever it bears, and root is not`() async throws {
        let token = try await register().token.reveal()
        let beat = HeartbeatRequest(attempts: [], isDraining: false)
        #expect(
            await code { _ = try await workers().heartbeat(beat, bearing(token, user: 1001)) } == .forbidden
        )
        #expect(await code { _ = try await fleet.snapshot(bearing("fleet", user: 1001)) } == .forbidden)
        #expect(await code { _ = try await workers().heartbeat(beat, bearing(token, user: 0)) } == nil)
        #expect(await code { _ = try await fleet.snapshot(bearing("guess")) } == .unauthenticated)
        let rule = PeerRule(owner: owner)
        #expect(
            ["unix:1000", "unix:0", "unix:1001", "anonymous"].map(rule.isOwner) == [
                true, true, false, false,
            ]
        )
    }

    @Test func `a repeated claim gets the same task and the same token`() async throws {
        let world = try await World.withRun()
        let worker = try await register(world)
        let desk = workers(world)
        let request = ClaimRequest(count: 1, waitMilliseconds: 0, requestID: "one")
        let first = try await desk.claim(request, worker).claims
        #expect(first.count == 1)
        #expect(try await desk.claim(request, worker).claims == first)
        let other = ClaimRequest(count: 1, waitMilliseconds: 0, requestID: "two")
        #expect(try await desk.claim(other, worker).claims.isEmpty)
    }

    @Test func `lines are taken from whoever holds the attempt`() async throws {
        let world = try await World.withRun()
        let (desk, worker, claim) = try await claimed(world)
        let attempt = claim.contract.identity.attemptUID
        let stranger = LogsRequest(proof: AttemptProof(attempt: attempt, token: "guess"), lines: [])
        #expect(await code { _ = try await desk.logs(stranger, worker) } == .notFound)
        #expect(roster.with(\.logs).isEmpty)
        let proof = AttemptProof(attempt: attempt, token: claim.token)
        _ = try await desk.logs(LogsRequest(proof: proof, lines: []), worker)
        #expect(roster.with(\.logs) == [attempt])
    }

    @Test func `a heartbeat says what to go on with, what to park and what to cancel`() async throws {
        let world = try await World.withRun()
        let (desk, worker, claim) = try await claimed(world)
        let attempt = claim.contract.identity.attemptUID
        let proofs = [attempt, UID("unknown")].map { AttemptProof(attempt: $0, token: claim.token) }
        let beat = HeartbeatRequest(attempts: proofs, isDraining: false)
        #expect(try await desk.heartbeat(beat, worker).leases.map(\.directive) == [.proceed, .cancel])
        world.put(workflow("fix", state: "paused"))
        await world.reconcileWorkflow("fix")
        let leases = try await desk.heartbeat(beat, worker).leases
        #expect(leases.map(\.directive) == [.park, .cancel])
        #expect(leases.map(\.leaseMilliseconds) == [30_000, 0])
    }

    @Test func `a snapshot counts what waits in a pool's namespaces`() async throws {
        _ = try await register()
        let snapshot = try await fleet.snapshot(bearing("fleet"))
        #expect(snapshot.pools.map(\.pendingTasks) == [2])
        #expect(snapshot.runtimes.map(\.worker) == [.online])
        #expect(snapshot.runtimes.map(\.busyTasks) == [1])
    }

    @Test func `a runtime that is being made is in no inventory yet; one that ran and is missing is gone`()
        async throws
    {
        let request = ProvisionRequest(pool: "p", runtime: "r")
        _ = try await fleet.provision(request, bearing("fleet"))
        let empty = InventoryReport(entries: [])
        _ = try await fleet.inventory(empty, bearing("fleet"))
        #expect(roster.with { $0.runtimes.map(\.state) } == [.provisioned])
        let running = InventoryReport.Entry(runtime: "r", pool: "p", isRunning: true, message: nil)
        _ = try await fleet.inventory(InventoryReport(entries: [running]), bearing("fleet"))
        #expect(roster.with { $0.runtimes.map(\.state) } == [.running])
        _ = try await fleet.inventory(empty, bearing("fleet"))
        #expect(roster.with { $0.runtimes.map(\.state) } == [.gone])
        _ = try await fleet.provision(ProvisionRequest(pool: "p", runtime: "stillborn"), bearing("fleet"))
        roster.with { $0.now = $0.now + .seconds(300) }
        _ = try await fleet.inventory(empty, bearing("fleet"))
        #expect(roster.with { $0.runtimes.map(\.state) } == [.gone, .gone], "its start has failed by now")
        let missing = ProvisionRequest(pool: "none", runtime: "r2")
        #expect(await code { _ = try await fleet.provision(missing, bearing("fleet")) } == .notFound)
    }
}
