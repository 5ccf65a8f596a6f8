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
    let fleetToken: SecretText
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
            fleetSnapshot: fleetSnapshot,
            provision: provision,
            inventory: inventory
        )
    }

    private func register(
        _ request: RegisterRequest,
        _ credential: WorkerCredential
    ) async throws -> RegisterReply {
        try checkPeer(credential)
        guard let runtime = try await store.runtime(named: request.runtime), runtime.state != .gone,
            constantTimeEquals(runtime.tokenDigest.text.utf8, digest(credential.token).text.utf8)
        else {
            throw Failure(
                .unauthenticated,
                "the provisioning token is not that of runtime '\(request.runtime)'"
            )
        }
        let pool = try await pool(runtime.pool)
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

    private func fleetSnapshot(_ credential: WorkerCredential) async throws -> FleetSnapshot {
        try checkFleet(credential)
        let counts = try await store.fleetCounts()
        let workers = Dictionary(
            try await store.workers().map { ($0.runtime, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let now = try await store.now()
        let pools = try await store.storedObjects(kind: "RuntimePool", namespace: nil).map { stored in
            let spec: RuntimePoolSpec = try (stored.object.spec ?? [:]).decode()
            return FleetSnapshot.Pool(
                name: stored.object.metadata.name,
                spec: spec,
                digest: stored.digest,
                pendingTasks: spec.namespaces.reduce(0) { $0 + (counts.readyTasks[$1] ?? 0) }
            )
        }
        let runtimes = try await store.runtimes().filter { $0.state != .gone }.map { runtime in
            let worker = workers[runtime.name]
            return FleetSnapshot.Runtime(
                name: runtime.name,
                pool: runtime.pool,
                worker: worker?.state,
                busyTasks: counts.liveAttempts[runtime.name] ?? 0,
                silentMilliseconds: worker.map { (now - $0.lastSeenAt).milliseconds }
            )
        }
        return FleetSnapshot(pools: pools, runtimes: runtimes)
    }

    private func provision(
        _ request: ProvisionRequest,
        _ credential: WorkerCredential
    ) async throws -> ProvisionReply {
        try checkFleet(credential)
        _ = try await pool(request.pool)
        let token = randomToken()
        let record = RuntimeRecord(
            uid: newUID(),
            name: request.runtime,
            pool: request.pool,
            tokenDigest: contentDigest(Array(token.utf8)),
            createdAt: try await store.now()
        )
        try await store.provisionRuntime(record, actor: "fleet")
        return ProvisionReply(runtime: request.runtime, token: token)
    }

    private func inventory(
        _ report: InventoryReport,
        _ credential: WorkerCredential
    ) async throws -> Acknowledgement {
        try checkFleet(credential)
        let entries = Dictionary(
            report.entries.map { ($0.runtime, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        for runtime in try await store.runtimes() where runtime.state != .gone {
            let entry = entries[runtime.name]
            // A runtime that is being made right now is in no inventory yet.
            if entry == nil, runtime.state == .provisioned { continue }
            let state: RuntimeRecord.State = entry?.isRunning == true ? .running : .gone
            try await store.setRuntimeState(
                runtime.name,
                state,
                message: entry?.message,
                actor: "fleet"
            )
        }
        return Acknowledgement(applied: true)
    }

    private func pool(_ name: String) async throws -> RuntimePoolSpec {
        guard let stored = try await store.stored(ObjectKey("RuntimePool", namespace: nil, name: name)) else {
            throw Failure(.notFound, "RuntimePool/\(name) does not exist")
        }
        return try (stored.object.spec ?? [:]).decode()
    }

    /// The routing tags of a pool; empty means every role of its namespaces.
    private func tags(of pool: RuntimePoolSpec) -> [String] {
        pool.namespaces.flatMap { namespace in (pool.serves?.roles ?? []).map { "\(namespace)/role:\($0)" } }
    }

    private func worker(_ credential: WorkerCredential) async throws -> WorkerRecord {
        try checkPeer(credential)
        guard let worker = try await store.worker(tokenDigest: digest(credential.token)) else {
            throw Failure(.unauthenticated, "the worker token is unknown; register again")
        }
        return worker
    }

    private func checkPeer(_ credential: WorkerCredential) throws {
        guard PeerRule.isOwner(userID: credential.userID) else {
            throw Failure(.forbidden, "only the user that runs agirunnerd may come through this door")
        }
    }

    private func checkFleet(_ credential: WorkerCredential) throws {
        try checkPeer(credential)
        guard constantTimeEquals(credential.token.revealBytes(), fleetToken.revealBytes()) else {
            throw Failure(.unauthenticated, "the fleet token is wrong")
        }
    }

    private func digest(_ token: SecretText) -> Digest { contentDigest(token.revealBytes()) }
}
