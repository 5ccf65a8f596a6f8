import API
import Domain
import Secrets
import ServiceLifecycle
import Synchronization
import Testing
import Threads
import WorkerProtocol

/// What the ports of the workers' door were asked.
private final class Worker: Sendable {
    let calls = Mutex<[String]>([])
    let failure = Mutex<(any Error)?>(nil)
    /// One element for each claim that begins to wait.
    let claims: AsyncStream<Void>
    private let reached: AsyncStream<Void>.Continuation

    init() { (claims, reached) = AsyncStream<Void>.makeStream() }

    func note(_ call: String, _ credential: WorkerCredential) throws {
        calls.withLock { $0.append("\(call) \(credential.token.reveal()) \(credential.userID)") }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    func acknowledge<Request>(_ call: String) -> WorkerPorts.Port<Request, Acknowledgement> {
        { _, credential in
            try self.note(call, credential)
            return Acknowledgement(applied: true)
        }
    }

    var ports: WorkerPorts {
        WorkerPorts(
            register: { request, credential in
                try self.note("register", credential)
                return RegisterReply(
                    worker: request.runtime,
                    token: "t2",
                    slots: 1,
                    heartbeatMilliseconds: 5000,
                    leaseMilliseconds: 30_000
                )
            },
            heartbeat: { request, credential in
                try self.note("heartbeat", credential)
                return HeartbeatReply(
                    leases: request.attempts.map {
                        .init(attempt: $0.attempt, leaseMilliseconds: 30_000, directive: .proceed)
                    },
                    mustDrain: false
                )
            },
            claim: { request, credential in
                try self.note("claim", credential)
                self.reached.yield()
                // Nothing is ready before the time is over.
                try await ContinuousClock().sleep(for: .milliseconds(request.waitMilliseconds))
                return ClaimReply(claims: [])
            },
            begin: acknowledge("begin"),
            announce: acknowledge("announce"),
            report: acknowledge("report"),
            logs: acknowledge("logs"),
            fleetSnapshot: { credential in
                try self.note("fleet", credential)
                return FleetSnapshot(pools: [], runtimes: [])
            },
            provision: { request, credential in
                try self.note("provision", credential)
                return ProvisionReply(runtime: request.runtime, token: "t3")
            },
            inventory: acknowledge("inventory")
        )
    }
}

private let proof = AttemptProof(attempt: UID("u"), token: "p")

private func withWorkerDoor<Value: Sendable>(
    _ worker: Worker,
    _ body: (Client) async throws -> Value
) async throws -> Value {
    try await withFolder { folder in
        let socket = "\(folder)/worker.sock"
        return try await withDoor({ report in
            .workers(
                socket: socket,
                ports: worker.ports,
                logger: quiet,
                acquireSocket: takeLock,
                report: report
            )
        }) { _ in try await body(Client(socket: socket)) }
    }
}

extension Client {
    fileprivate func post(
        _ path: String,
        token: String? = "t1",
        _ request: some Encodable
    ) async throws -> Reply {
        var headers = [("Content-Type", "application/json")]
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        return try await send("POST", path, headers: headers, body: Value(encoding: request).canonicalBytes)
    }
}

@Suite struct WorkerDoorTests {
    @Test func `every path reaches its port with the token and the peer's user`() async throws {
        let worker = Worker()
        try await withWorkerDoor(worker) { (client) async throws in
            let registered = try await client.post(
                WorkerPath.register,
                RegisterRequest(runtime: "r", commands: ["git"], version: "1")
            )
            #expect(try registered.json.decode(RegisterReply.self).token == "t2")
            let beat = try await client.post(
                WorkerPath.heartbeat,
                HeartbeatRequest(attempts: [proof], isDraining: false)
            )
            #expect(try beat.json.decode(HeartbeatReply.self).leases.map(\.directive) == [.proceed])
            let claim = ClaimRequest(count: 1, waitMilliseconds: 10, requestID: "x")
            #expect(
                try await client.post(WorkerPath.claim, claim).json.decode(ClaimReply.self).claims.isEmpty
            )
            let usage = try Value(encoding: Usage())
            let report: Value = ["outcome": "failed", "category": "timeout", "usage": usage]
            let others: [(String, Value)] = [
                (WorkerPath.begin, try Value(encoding: BeginRequest(proof: proof))),
                (
                    WorkerPath.announce,
                    try Value(encoding: AnnounceRequest(proof: proof, commit: CommitID("c")))
                ),
                (
                    WorkerPath.report,
                    ["proof": try Value(encoding: proof), "requestID": "x", "report": report]
                ),
                (WorkerPath.logs, try Value(encoding: LogsRequest(proof: proof, lines: []))),
                (WorkerPath.inventory, ["entries": []]),
            ]
            for (path, body) in others {
                let reply = try await client.post(path, body)
                #expect(try reply.json == ["applied": true], "\(path) \(reply.text)")
            }
            let empty: Value = [:]
            #expect(try await client.post(WorkerPath.fleet, empty).json == ["pools": [], "runtimes": []])
            let made = try await client.post(WorkerPath.provision, ProvisionRequest(pool: "p", runtime: "r"))
            #expect(try made.json.decode(ProvisionReply.self).token == "t3")
        }
        let names = [
            "register", "heartbeat", "claim", "begin", "announce", "report", "logs", "inventory", "fleet",
            "provision",
        ]
        #expect(worker.calls.withLock { $0 } == names.map { "\($0) t1 \(userID())" })
    }

    @Test func `without a token nothing is read and nobody is asked`() async throws {
        let worker = Worker()
        try await withWorkerDoor(worker) { (client) async throws in
            for headers in [[], [("Authorization", "Basic eDp5")], [("Authorization", "Bearer")]] {
                let reply = try await client.send("POST", WorkerPath.claim, headers: headers, body: [0x7B])
                #expect(reply.status == 401)
                #expect(reply["www-authenticate"] == "Bearer")
                #expect(reply["content-type"] == "application/problem+json")
                #expect(try reply.json["reason"] == "unauthorized")
            }
        }
        #expect(worker.calls.withLock { $0.isEmpty })
    }

    @Test(arguments: [
        (Failure(.conflict, "the lease is gone", reason: "stale_attempt"), 409, "stale_attempt"),
        (Failure(.unauthenticated, "no such token"), 401, "unauthorized"),
        (Failure(.forbidden, "another user"), 403, "forbidden"),
        (Failure(.expired, "too late"), 410, "expired"),
        (Failure(.internal, "INSERT INTO tasks"), 500, "internal_error"),
        (Failure(.unavailable, "UPDATE tasks"), 503, "service_unavailable"),
    ])
    func `a failure is a problem document with a stable reason`(
        failure: Failure,
        status: Int,
        reason: String
    ) async throws {
        let worker = Worker()
        worker.failure.withLock { $0 = failure }
        try await withWorkerDoor(worker) { (client) async throws in
            let reply = try await client.post(WorkerPath.begin, BeginRequest(proof: proof))
            #expect(reply.status == status)
            #expect(try reply.json["reason"] == .string(reason))
            #expect(try reply.json["status"] == .integer(Int64(status)))
            #expect(status >= 500 ? !reply.text.contains("tasks") : reply.text.contains(failure.message))
        }
    }

    @Test func `a shutdown does not wait for the work that a claim waits for`() async throws {
        let worker = Worker()
        try await withFolder { folder in
            let socket = "\(folder)/worker.sock"
            let (reports, continuation) = AsyncStream<DoorReport>.makeStream()
            let door = Door.workers(
                socket: socket,
                ports: worker.ports,
                logger: quiet,
                acquireSocket: takeLock,
                report: { continuation.yield($0) }
            )
            let services = ServiceGroup(services: [door], logger: quiet)
            try await withDeadline(.seconds(20)) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await services.run() }
                    _ = await reports.first { _ in true }
                    group.addTask {
                        let claim = ClaimRequest(count: 1, waitMilliseconds: 30_000, requestID: "x")
                        let reply = try await Client(socket: socket).post(WorkerPath.claim, claim)
                        #expect(reply.status == 503 && reply["retry-after"] == "1")
                    }
                    _ = await worker.claims.first { _ in true }
                    await services.triggerGracefulShutdown()
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test func `malformed requests and claims out of range are refused before the port`() async throws {
        let worker = Worker()
        try await withWorkerDoor(worker) { (client) async throws in
            let malformed = try await client.post(WorkerPath.begin, ["proof": 1] as Value)
            #expect(malformed.status == 400)
            #expect(try malformed.json["reason"] == "malformed")
            #expect(try malformed.json["detail"]?.string?.contains("proof") == true)
            for claim in [
                ClaimRequest(count: 0, waitMilliseconds: 0, requestID: "x"),
                ClaimRequest(count: 1, waitMilliseconds: 30_001, requestID: "x"),
            ] {
                #expect(try await client.post(WorkerPath.claim, claim).status == 422)
            }
            #expect(try await client.get(WorkerPath.claim).status == 405)
            #expect(try await client.get("/healthz").status == 404)
            #expect(try await client.send("POST", "/worker/v2/claim").status == 404)
        }
        #expect(worker.calls.withLock { $0.isEmpty })
    }
}
