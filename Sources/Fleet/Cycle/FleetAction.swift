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
