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
