/// A connected runtime process, as it claims tasks.
package struct WorkerRecord: Sendable, Hashable, Codable {
    package static let kind = "Worker"
    package let uid: UID
    package let name: String
    package let pool: String
    package let runtime: String
    /// Namespaces it serves; its routing tags never leave them.
    package let namespaces: [String]
    /// `<namespace>/role:<name>` it claims, or empty for every role of its namespaces.
    package let tags: [String]
    /// Commands its machine was seen to have.
    package let commands: [String]
    /// Tasks it runs at once.
    package let slots: Int
    package var state: WorkerState
    package let version: String
    package let createdAt: Timestamp
    /// Volatile: moves with every heartbeat.
    package var lastSeenAt: Timestamp

    /// An online worker.
    package init(
        uid: UID,
        name: String,
        pool: String,
        runtime: String,
        namespaces: [String],
        tags: [String],
        commands: [String],
        slots: Int,
        version: String,
        createdAt: Timestamp
    ) {
        self.uid = uid
        self.name = name
        self.pool = pool
        self.runtime = runtime
        self.namespaces = namespaces
        self.tags = tags
        self.commands = commands
        self.slots = slots
        state = .online
        self.version = version
        self.createdAt = createdAt
        lastSeenAt = createdAt
    }
}

/// A runtime the fleet manager made or is about to make.
package struct RuntimeRecord: Sendable, Hashable, Codable {
    package enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case provisioned, running, draining, gone
    }

    package static let kind = "Runtime"
    package let uid: UID
    package let name: String
    package let pool: String
    /// Digest of the token made at provisioning; only its bearer may register as this runtime.
    package let tokenDigest: Digest
    package var state: State
    package var message: String?
    package let createdAt: Timestamp

    /// A provisioned runtime.
    package init(uid: UID, name: String, pool: String, tokenDigest: Digest, createdAt: Timestamp) {
        self.uid = uid
        self.name = name
        self.pool = pool
        self.tokenDigest = tokenDigest
        state = .provisioned
        self.createdAt = createdAt
    }
}
