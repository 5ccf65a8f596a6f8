import API
import Domain
import Secrets
import Store
import WorkerProtocol

/// Answers the fleet manager, which comes through the worker door with a token of its own.
struct FleetDesk: Sendable {
    let store: Store
    let token: SecretText

    func snapshot(_ credential: WorkerCredential) async throws -> FleetSnapshot {
        try check(credential)
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

    func provision(
        _ request: ProvisionRequest,
        _ credential: WorkerCredential
    ) async throws -> ProvisionReply {
        try check(credential)
        _ = try await store.pool(request.pool)
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

    func inventory(
        _ report: InventoryReport,
        _ credential: WorkerCredential
    ) async throws -> Acknowledgement {
        try check(credential)
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

    private func check(_ credential: WorkerCredential) throws {
        try PeerRule.check(credential)
        guard constantTimeEquals(credential.token.revealBytes(), token.revealBytes()) else {
            throw Failure(.unauthenticated, "the fleet token is wrong")
        }
    }
}

extension Store {
    /// The spec of a RuntimePool; *throws* `Failure(.notFound)` when there is none.
    func pool(_ name: String) async throws -> RuntimePoolSpec {
        guard let stored = try await stored(ObjectKey("RuntimePool", namespace: nil, name: name)) else {
            throw Failure(.notFound, "RuntimePool/\(name) does not exist")
        }
        return try (stored.object.spec ?? [:]).decode()
    }
}
