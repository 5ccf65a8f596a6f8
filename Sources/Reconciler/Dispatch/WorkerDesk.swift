internal import Domain
internal import Secrets
package import WorkerProtocol

/// Answers the runtimes: proves who asks, and hands on to the dispatcher and the roster.
package struct WorkerDesk: Sendable {
    private let roster: RosterPorts
    private let dispatcher: Dispatcher
    private let peers: PeerRule
    private let heartbeat: Duration
    private let lease: Duration

    /// A desk that tells its workers how often to be heard of, and how long a claim holds without.
    package init(
        roster: RosterPorts,
        dispatcher: Dispatcher,
        peers: PeerRule,
        heartbeat: Duration,
        lease: Duration
    ) {
        self.roster = roster
        self.dispatcher = dispatcher
        self.peers = peers
        self.heartbeat = heartbeat
        self.lease = lease
    }

    /// Makes a worker of a runtime that proves itself with its provisioning token.
    ///
    /// - Throws: `Failure.unauthenticated` for another token, or a runtime that is gone.
    package func register(
        _ request: RegisterRequest,
        _ credential: WorkerCredential
    ) async throws -> RegisterReply {
        try peers.check(credential)
        let runtimes = try await roster.runtimes()
        guard let runtime = runtimes.first(where: { $0.name == request.runtime }), runtime.state != .gone,
            constantTimeEquals(runtime.tokenDigest.text.utf8, digest(credential.token).text.utf8)
        else {
            throw Failure(
                .unauthenticated,
                "the provisioning token is not that of runtime '\(request.runtime)'"
            )
        }
        let pool = try await roster.pool(runtime.pool)
        let token = roster.newToken()
        let worker = WorkerRecord(
            uid: roster.newUID(),
            name: runtime.name,
            pool: runtime.pool,
            runtime: runtime.name,
            namespaces: pool.namespaces,
            tags: tags(of: pool),
            commands: request.commands,
            slots: pool.tasksPerRuntime,
            version: request.version,
            createdAt: try await roster.now()
        )
        try await roster.register(worker, roster.digest(Array(token.utf8)), "runtime:\(runtime.name)")
        return RegisterReply(
            worker: worker.name,
            token: token,
            slots: worker.slots,
            heartbeatMilliseconds: heartbeat.milliseconds,
            leaseMilliseconds: lease.milliseconds
        )
    }

    /// Notes that a worker was heard of, renews its leases, and says what each of its attempts must do.
    package func heartbeat(
        _ request: HeartbeatRequest,
        _ credential: WorkerCredential
    ) async throws -> HeartbeatReply {
        let worker = try await worker(credential)
        let state = try await roster.touch(worker.name)
        if request.isDraining, state != .draining {
            try await roster.move(worker.name, .draining, "worker:\(worker.name)")
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

    /// Hands out tasks, waiting for the first one as long as the request asks, at most 30 seconds.
    package func claim(_ request: ClaimRequest, _ credential: WorkerCredential) async throws -> ClaimReply {
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

    /// A worker began to work on its attempt.
    package func begin(
        _ request: BeginRequest,
        _ credential: WorkerCredential
    ) async throws -> Acknowledgement {
        let worker = try await worker(credential)
        try await dispatcher.begin(request.proof.attempt, token: request.proof.token, worker: worker)
        return Acknowledgement(applied: true)
    }

    /// A worker is about to push a commit.
    package func announce(
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

    /// A worker's attempt ended; a repeat with the same id is answered like the first.
    package func report(
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

    /// Takes lines of a live attempt's log.
    ///
    /// - Throws: `Failure.notFound` when the token is not that of the attempt.
    package func logs(_ request: LogsRequest, _ credential: WorkerCredential) async throws -> Acknowledgement
    {
        _ = try await worker(credential)
        guard request.lines.count <= 200 else { throw Failure(.invalid, "at most 200 lines at once") }
        guard try await dispatcher.isProved(request.proof.attempt, by: request.proof.token) else {
            throw Failure(.notFound, "there is no such attempt", reason: "not_found")
        }
        try await roster.appendLogs(request.proof.attempt, request.lines)
        return Acknowledgement(applied: true)
    }

    /// The routing tags of a pool; empty means every role of its namespaces.
    private func tags(of pool: RuntimePoolSpec) -> [String] {
        pool.namespaces.flatMap { namespace in (pool.serves?.roles ?? []).map { "\(namespace)/role:\($0)" } }
    }

    private func worker(_ credential: WorkerCredential) async throws -> WorkerRecord {
        try peers.check(credential)
        guard let worker = try await roster.worker(digest(credential.token)) else {
            throw Failure(.unauthenticated, "the worker token is unknown; register again")
        }
        return worker
    }

    private func digest(_ token: SecretText) -> Digest { roster.digest(token.revealBytes()) }
}
