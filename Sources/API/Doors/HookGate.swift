import Domain
import Synchronization

/// Keeps those who send hooks from making work: how many are let in, and which were here already.
///
/// It forgets everything with the process, which costs a look that was not needed and no more.
final class HookGate: Sendable {
    /// How often something may happen: `burst` at once, and `perSecond` after that.
    struct Rate: Sendable {
        let burst: Double
        let perSecond: Double
    }

    /// Requests of anybody, before anything of them is read.
    static let requests = Rate(burst: 100, perSecond: 20)
    /// Verified deliveries for one source: two a second are more than anybody pushes.
    static let deliveries = Rate(burst: 60, perSecond: 2)
    /// How many deliveries are remembered.
    static let memory = 4096

    private struct State {
        var requests = Bucket(HookGate.requests)
        var deliveries: [String: Bucket] = [:]
        var seen: Set<[String]> = []
        var order: [[String]] = []
    }

    private let state = Mutex(State())

    /// Whether one more request is read.
    func admitsRequest(now: Timestamp) -> Bool {
        state.withLock { $0.requests.takes(HookGate.requests, now) }
    }

    /// Whether one more delivery for a source counts; only verified ones come here, so names are few.
    func admitsDelivery(for source: String, now: Timestamp) -> Bool {
        state.withLock {
            $0.deliveries[source, default: Bucket(HookGate.deliveries)].takes(HookGate.deliveries, now)
        }
    }

    /// Whether a delivery was here before.
    func knows(_ id: String, of source: String) -> Bool { state.withLock { $0.seen.contains([source, id]) } }

    /// Notes a delivery that has taken effect.
    func remember(_ id: String, of source: String) {
        state.withLock { state in
            guard state.seen.insert([source, id]).inserted else { return }
            state.order.append([source, id])
            guard state.order.count > HookGate.memory else { return }
            // Half of it at once, since taking one from the front moves all others.
            for old in state.order.prefix(HookGate.memory / 2) { state.seen.remove(old) }
            state.order.removeFirst(HookGate.memory / 2)
        }
    }
}

/// What is left of a rate.
private struct Bucket: Sendable {
    private var tokens: Double
    private var filled: Timestamp?

    init(_ rate: HookGate.Rate) { tokens = rate.burst }

    mutating func takes(_ rate: HookGate.Rate, _ now: Timestamp) -> Bool {
        // A clock that was set back adds nothing, now or when it has caught up.
        let last = filled ?? now
        let elapsed = max(0, now.microseconds - last.microseconds)
        tokens = min(rate.burst, tokens + Double(elapsed) / 1_000_000 * rate.perSecond)
        filled = max(last, now)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
