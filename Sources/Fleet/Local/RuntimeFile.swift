internal import Domain
internal import Threads

/// What stands in a runtime's `record.json`: who it is, what it was made from, and its process.
struct RuntimeFile: Codable, Sendable, Equatable {
    let name: String
    let pool: String
    let digest: Digest
    let labels: [String: String]
    let process: ProcessIdentity
    /// Process numbers and start times mean nothing after another boot.
    let boot: String
    let startedAt: Timestamp
    /// Since when its end is wanted.
    var endingSince: Timestamp?
    /// First and last user of its sandboxes.
    private var firstUser: UInt32?
    private var lastUser: UInt32?

    init(
        name: String,
        pool: String,
        digest: Digest,
        labels: [String: String],
        process: ProcessIdentity,
        boot: String,
        startedAt: Timestamp,
        users: ClosedRange<UInt32>?
    ) {
        self.name = name
        self.pool = pool
        self.digest = digest
        self.labels = labels
        self.process = process
        self.boot = boot
        self.startedAt = startedAt
        firstUser = users?.lowerBound
        lastUser = users?.upperBound
    }

    var users: ClosedRange<UInt32>? {
        guard let firstUser, let lastUser, firstUser <= lastUser else { return nil }
        return firstUser...lastUser
    }

    var isOfThisBoot: Bool { boot == ProcessIdentity.currentBoot }

    var isRunning: Bool { isOfThisBoot && process.isAlive }
}
