internal import Synchronization

/// Wakes those who wait; whoever took a ticket before looking misses no ring after it.
package final class Bell: Sendable {
    private struct State {
        var rings: UInt64 = 0
        /// The rings that the one who waits without a ticket has heard.
        var heard: UInt64 = 0
        var nextKey: UInt64 = 0
        /// Bounded by the tasks, each of which waits once at a time.
        var waiting: [UInt64: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// A silent bell.
    package init() {}

    /// How often it was rung.
    package var ticket: UInt64 { state.withLock { $0.rings } }

    /// Wakes everybody who waits.
    package func ring() {
        let waiting = state.withLock { state in
            state.rings += 1
            defer { state.waiting = [:] }
            return state.waiting
        }
        for waiter in waiting.values { waiter.resume() }
    }

    /// Returns when the bell was rung since the last such wait, the time is over or the task is cancelled.
    ///
    /// One task waits so at a time; a test passes time with a `sleep` of its own.
    package func wait(
        atMost duration: Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void = {
            try await ContinuousClock().sleep(for: $0)
        }
    ) async {
        await wait(after: state.withLock { $0.heard }, atMost: duration, sleep: sleep)
        // One that is cancelled leaves the ring to the next.
        if !Task.isCancelled { state.withLock { $0.heard = $0.rings } }
    }

    /// Returns when the bell is rung after the ticket, the time is over or the task is cancelled.
    package func wait(
        after ticket: UInt64,
        atMost duration: Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void = {
            try await ContinuousClock().sleep(for: $0)
        }
    ) async {
        if self.ticket > ticket { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait(after: ticket) }
            // Only cancellation ends the sleep early, and then nobody waits for it any more.
            group.addTask { try? await sleep(duration) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Returns when the bell is rung after the ticket, or the task is cancelled.
    package func wait(after ticket: UInt64) async {
        let key = state.withLock { state in
            state.nextKey += 1
            return state.nextKey
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.rings > ticket || Task.isCancelled { return true }
                    state.waiting[key] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: key) }?.resume()
        }
    }
}
