package import Domain

/// What the worker door's answers need of the store: who works, in which runtimes, and for which pools.
package struct RosterPorts: Sendable {
    /// The worker that bears the token of this digest.
    package var worker: @Sendable (Digest) async throws -> WorkerRecord?
    package var workers: @Sendable () async throws -> [WorkerRecord]
    package var register: @Sendable (WorkerRecord, _ token: Digest, _ actor: String) async throws -> Void
    /// Notes that a worker was heard of, and says where it stands now.
    package var touch: @Sendable (_ worker: String) async throws -> WorkerState
    package var move: @Sendable (_ worker: String, WorkerState, _ actor: String) async throws -> Void
    package var appendLogs: @Sendable (_ attempt: UID, [TaskLogLine]) async throws -> Void
    package var runtimes: @Sendable () async throws -> [RuntimeRecord]
    package var provision: @Sendable (RuntimeRecord, _ actor: String) async throws -> Void
    package var settle:
        @Sendable (
            _ runtime: String, RuntimeRecord.State, _ message: String?, _ actor: String
        ) async throws -> Void
    package var pools: @Sendable () async throws -> [Stored]
    /// Ready tasks by namespace, and live attempts by worker.
    package var load: @Sendable () async throws -> (ready: [String: Int], live: [String: Int])
    package var now: @Sendable () async throws -> Timestamp
    package var newUID: @Sendable () -> UID
    package var newToken: @Sendable () -> String
    package var digest: @Sendable ([UInt8]) -> Digest

    /// Ports of their closures.
    package init(
        worker: @escaping @Sendable (Digest) async throws -> WorkerRecord?,
        workers: @escaping @Sendable () async throws -> [WorkerRecord],
        register: @escaping @Sendable (WorkerRecord, Digest, String) async throws -> Void,
        touch: @escaping @Sendable (String) async throws -> WorkerState,
        move: @escaping @Sendable (String, WorkerState, String) async throws -> Void,
        appendLogs: @escaping @Sendable (UID, [TaskLogLine]) async throws -> Void,
        runtimes: @escaping @Sendable () async throws -> [RuntimeRecord],
        provision: @escaping @Sendable (RuntimeRecord, String) async throws -> Void,
        settle: @escaping @Sendable (String, RuntimeRecord.State, String?, String) async throws -> Void,
        pools: @escaping @Sendable () async throws -> [Stored],
        load: @escaping @Sendable () async throws -> (ready: [String: Int], live: [String: Int]),
        now: @escaping @Sendable () async throws -> Timestamp,
        newUID: @escaping @Sendable () -> UID,
        newToken: @escaping @Sendable () -> String,
        digest: @escaping @Sendable ([UInt8]) -> Digest
    ) {
        self.worker = worker
        self.workers = workers
        self.register = register
        self.touch = touch
        self.move = move
        self.appendLogs = appendLogs
        self.runtimes = runtimes
        self.provision = provision
        self.settle = settle
        self.pools = pools
        self.load = load
        self.now = now
        self.newUID = newUID
        self.newToken = newToken
        self.digest = digest
    }
}

extension RosterPorts {
    /// The spec of a RuntimePool.
    ///
    /// - Throws: `Failure.notFound` when there is none.
    func pool(_ name: String) async throws -> RuntimePoolSpec {
        guard let stored = try await pools().first(where: { $0.object.metadata.name == name }) else {
            throw Failure(.notFound, "RuntimePool/\(name) does not exist")
        }
        return try (stored.object.spec ?? [:]).decode()
    }
}
