package import Domain

/// A runtime as its engine sees it.
package struct InventoryItem: Sendable, Equatable {
    package var name: String
    package var pool: String
    /// Digest of the pool's spec it was made from.
    package var digest: Digest
    package var startedAt: Timestamp
    package var isRunning: Bool
    /// Since when it was asked or forced to end; nil while nobody wants its end.
    package var endingSince: Timestamp?
    /// Whether it ended by itself without an error; false while it runs or when nobody knows.
    package var endedCleanly: Bool

    /// An item of its parts.
    package init(
        name: String,
        pool: String,
        digest: Digest,
        startedAt: Timestamp,
        isRunning: Bool = true,
        endingSince: Timestamp? = nil,
        endedCleanly: Bool = false
    ) {
        self.name = name
        self.pool = pool
        self.digest = digest
        self.startedAt = startedAt
        self.isRunning = isRunning
        self.endingSince = endingSince
        self.endedCleanly = endedCleanly
    }
}
