internal import Domain
package import Secrets
package import WorkerProtocol

/// Answers the fleet manager, which comes through the worker door with a token of its own.
package struct FleetDesk: Sendable {
    /// How long the start of a runtime may take; one that failed is not told of otherwise.
    private static let startTime = Duration.seconds(300)

    private let roster: RosterPorts
    private let peers: PeerRule
    private let token: SecretText

    /// A desk for the fleet manager that bears this token.
    package init(roster: RosterPorts, peers: PeerRule, token: SecretText) {
        self.roster = roster
        self.peers = peers
        self.token = token
    }

    /// The pools that are declared, what waits for them, and the runtimes there are.
    package func snapshot(_ credential: WorkerCredential) async throws -> FleetSnapshot {
        try check(credential)
        let load = try await roster.load()
        let workers = Dictionary(
            try await roster.workers().map { ($0.runtime, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let now = try await roster.now()
        let pools = try await roster.pools().map { stored in
            let spec: RuntimePoolSpec = try (stored.object.spec ?? [:]).decode()
            return FleetSnapshot.Pool(
                name: stored.object.metadata.name,
                spec: spec,
                digest: stored.digest,
                pendingTasks: spec.namespaces.reduce(0) { $0 + (load.ready[$1] ?? 0) }
            )
        }
        let runtimes = try await roster.runtimes().filter { $0.state != .gone }.map { runtime in
            let worker = workers[runtime.name]
            return FleetSnapshot.Runtime(
                name: runtime.name,
                pool: runtime.pool,
                worker: worker?.state,
                busyTasks: load.live[runtime.name] ?? 0,
                silentMilliseconds: worker.map { (now - $0.lastSeenAt).milliseconds }
            )
        }
        return FleetSnapshot(pools: pools, runtimes: runtimes)
    }

    /// Makes a runtime known before it is started, and the token that it will register with.
    package func provision(
        _ request: ProvisionRequest,
        _ credential: WorkerCredential
    ) async throws -> ProvisionReply {
        try check(credential)
        _ = try await roster.pool(request.pool)
        let token = roster.newToken()
        let record = RuntimeRecord(
            uid: roster.newUID(),
            name: request.runtime,
            pool: request.pool,
            tokenDigest: roster.digest(Array(token.utf8)),
            createdAt: try await roster.now()
        )
        try await roster.provision(record, "fleet")
        return ProvisionReply(runtime: request.runtime, token: token)
    }

    /// Writes which runtimes run and which are gone, as the fleet manager found them.
    package func inventory(
        _ report: InventoryReport,
        _ credential: WorkerCredential
    ) async throws -> Acknowledgement {
        try check(credential)
        let entries = Dictionary(
            report.entries.map { ($0.runtime, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let now = try await roster.now()
        for runtime in try await roster.runtimes() where runtime.state != .gone {
            let entry = entries[runtime.name]
            let isUnknown = entry == nil && runtime.state == .provisioned
            // A runtime that is being made right now is in no inventory yet.
            if isUnknown, now - runtime.createdAt < Self.startTime { continue }
            let state: RuntimeRecord.State = entry?.isRunning == true ? .running : .gone
            let message = isUnknown ? "it was never started" : entry?.message
            try await roster.settle(runtime.name, state, message, "fleet")
        }
        return Acknowledgement(applied: true)
    }

    private func check(_ credential: WorkerCredential) throws {
        try peers.check(credential)
        guard constantTimeEquals(credential.token.revealBytes(), token.revealBytes()) else {
            throw Failure(.unauthenticated, "the fleet token is wrong")
        }
    }
}
