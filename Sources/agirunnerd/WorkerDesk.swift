import API
import Domain
import Reconciler
import Secrets
import Store
import WorkerProtocol

/// Answers the worker door: proves who asks, and hands on to the dispatcher and the store.
struct WorkerDesk: Sendable {
    let store: Store
    let dispatcher: Dispatcher
    let fleet: FleetDesk
    let heartbeat: Duration
    let lease: Duration

    var ports: WorkerPorts {
        WorkerPorts(
            register: register,
            heartbeat: heartbeat,
            claim: claim,
            begin: begin,
            announce: announce,
            report: report,
            logs: logs,
            fleetSnapshot: fleet.snapshot,
            provision: fleet.provision,
            inventory: fleet.inventory
        )
    }

    private func register(
        _ request: RegisterRequest,
        _ credential: WorkerCredential
    ) async throws -> RegisterReply {
        try PeerRule.check(credential)
        guard let runtime = try await store.runtime(named: request.runtime), runtime.state != .gone,
            constantTimeEquals(runtime.tokenDigest.text.utf8, digest(credential.token).text.utf8)
        else {
            throw Failure(
                .unauthenticated,
                "the provisioning token is not that of runtime '\(request.runtime)'"
            )
        }
        let pool = try await store.pool(runtime.pool)
        let token = randomToken()
        let worker = WorkerRecord(
            uid: newUID(),
            name: runtime.name,
            pool: runtime.pool,
            runtime: runtime.name,
            namespaces: pool.namespaces,
            tags: tags(of: pool),
            commands: request.commands,
            slots: pool.tasksPerRuntime,
            version: request.version,
            createdAt: try await store.now()
        )
        try await store.registerWorker(
            worker,
            tokenDigest: contentDigest(Array(token.utf8)),
            actor: "runtime:\(runtime.name)"
        )
        return RegisterReply(
            worker: worker.name,
            token: token,
            slots: worker.slots,
            heartbeatMilliseconds: heartbeat.milliseconds,
            leaseMilliseconds: lease.milliseconds
        )
    }

    private func heartbeat(
        _ request: HeartbeatRequest,
        _ credential: WorkerCredential
    ) async throws -> HeartbeatReply {
        let worker = try await worker(credential)
        let state = try await store.touchWorker(worker.name)
        if request.isDraining, state != .draining {
            try await store.setWorkerState(worker.name, .draining, actor: "worker:\(worker.name)")
        }
        let held = try await dispatcher.heartbeat(worker, attempts: request.attempts.map(\.attempt))
        let leases = request.attempts.map { proof in
            let attempt = held[proof.attempt]
            let isLive = attempt?.state == .live
            return HeartbeatReply.Lease(
                attempt: proof.attempt,
                leaseMilliseconds: isLive ? lease.milliseconds : 0,
                directive: !isLive ? .cancel : attempt?.phase == .paused ? .park : .proceed
            )
        }
        return HeartbeatReply(leases: leases, mustDrain: state == .draining)
    }

    private func claim(_ request: ClaimRequest, _ credential: WorkerCredential) async throws -> ClaimReply {
        let worker = try await worker(credential)
        guard worker.state != .draining, worker.state != .disconnected, worker.state != .offline else {
            // Otherwise it would ask again at once, until its next heartbeat.
            try await ContinuousClock().sleep(for: .milliseconds(500))
            return ClaimReply(claims: [])
        }
        // A token follows from the worker's own and the request's id, so a repeat gets the same without
        // storing it.
        let tokens = (0..<min(max(request.count, 1), worker.slots)).map { index in
            base64URL(
                hmacSHA256(Array("\(request.requestID)#\(index)".utf8), key: credential.token.revealBytes())
            )
        }
        let wait = Duration.milliseconds(min(max(request.waitMilliseconds, 0), 30_000))
        let granted = try await dispatcher.claim(for: worker, tokens: tokens, wait: wait)
        return ClaimReply(
            claims: granted.map {
                ClaimReply.Claim(
                    contract: $0.contract,
                    token: $0.token,
                    leaseMilliseconds: lease.milliseconds
                )
            }
        )
    }

    private func begin(
        _ request: BeginRequest,
        _ credential: WorkerCredential
    ) async throws -> Acknowledgement {
        let worker = try await worker(credential)
        try await dispatcher.begin(request.proof.attempt, token: request.proof.token, worker: worker)
        return Acknowledgement(applied: true)
    }

    private func announce(
        _ request: AnnounceRequest,
        _ credential: WorkerCredential
    ) async throws -> Acknowledgement {
        let worker = try await worker(credential)
        try await dispatcher.announce(
            request.proof.attempt,
            token: request.proof.token,
            commit: request.commit,
            worker: worker
        )
        return Acknowledgement(applied: true)
    }

    private func report(
        _ request: ReportRequest,
        _ credential: WorkerCredential
    ) async throws -> Acknowledgement {
        let worker = try await worker(credential)
        try await dispatcher.report(
            request.proof.attempt,
            token: request.proof.token,
            requestID: request.requestID,
            request.report,
            worker: worker
        )
        return Acknowledgement(applied: true)
    }

    private func logs(_ request: LogsRequest, _ credential: WorkerCredential) async throws -> Acknowledgement
    {
        _ = try await worker(credential)
        guard request.lines.count <= 200 else { throw Failure(.invalid, "at most 200 lines at once") }
        let known = try await store.attempt(tokenDigest: contentDigest(Array(request.proof.token.utf8)))
        guard known?.attempt == request.proof.attempt else {
            throw Failure(.notFound, "there is no such attempt", reason: "not_found")
        }
        try await store.appendLogs(request.proof.attempt, request.lines)
        return Acknowledgement(applied: true)
    }

    /// The routing tags of a pool; empty means every role of its namespaces.
    private func tags(of pool: RuntimePoolSpec) -> [String] {
        pool.namespaces.flatMap { namespace in (pool.serves?.roles ?? []).map { "\(namespace)/role:\($0)" } }
    }

    private func worker(_ credential: WorkerCredential) async throws -> WorkerRecord {
        try PeerRule.check(credential)
        guard let worker = try await store.worker(tokenDigest: digest(credential.token)) else {
            throw Failure(.unauthenticated, "the worker token is unknown; register again")
        }
        return worker
    }

    private func digest(_ token: SecretText) -> Digest { contentDigest(token.revealBytes()) }
}
