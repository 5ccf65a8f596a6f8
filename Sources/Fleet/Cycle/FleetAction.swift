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

/// One thing to do so that what runs becomes what is wanted.
package enum FleetAction: Sendable, Equatable {
    /// Why a runtime is asked to finish its work and end.
    package enum Drain: String, Sendable, CaseIterable {
        case poolGone = "pool_gone"
        case specChanged = "spec_changed"
        case surplus
    }

    /// Why a runtime is killed.
    package enum Kill: String, Sendable, CaseIterable {
        case neverRegistered = "never_registered"
        case silent
        case drainDeadline = "drain_deadline"
    }

    /// Makes one more runtime of the pool.
    case start(pool: String)
    case drain(runtime: String, Drain)
    case kill(runtime: String, Kill)
    /// Clears away what an ended runtime left.
    case remove(runtime: String)
}
