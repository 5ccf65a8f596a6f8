package import Domain

/// What the cycle remembers from one turn to the next; losing it only resets pauses and idle times.
package struct FleetMemory: Sendable, Equatable {
    struct Failures: Sendable, Equatable {
        var count: Int
        var last: Timestamp
        /// No start before this moment.
        var notBefore: Timestamp
    }

    /// Since when the control plane answers without a break; nil while it does not.
    package var reachableSince: Timestamp?
    var failures: [String: Failures] = [:]
    /// Since when runtimes are seen without work, also those that are asked to end.
    var idleSince: [String: Timestamp] = [:]

    /// A memory of nothing.
    package init() {}

    /// Counts a runtime of this pool that did not start, crashed, or had to be killed.
    package mutating func noteFailure(pool: String, now: Timestamp, settings: FleetSettings) {
        var count = failures[pool].map { now - $0.last < settings.stableAfter ? $0.count : 0 } ?? 0
        count += 1
        let pause = min(settings.longestPause, settings.firstPause * (1 << min(count - 1, 20)))
        failures[pool] = Failures(count: count, last: now, notBefore: now + pause)
    }

    /// How many failures in a row a pool has, for people and gauges.
    package func failureCount(pool: String) -> Int { failures[pool]?.count ?? 0 }

    /// When the pool may start a runtime again; nil when it never failed.
    package func notBefore(pool: String) -> Timestamp? { failures[pool]?.notBefore }
}
