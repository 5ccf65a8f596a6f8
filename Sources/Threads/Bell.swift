internal import Synchronization

/// Wakes one waiting task; a ring that nobody waits for is kept for the next one who does.
package final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// A silent bell.
    package init() {}

    /// Wakes whoever waits, or the next one who does.
    package func ring() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.isRung = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when the bell rings, the time is over or the task is cancelled.
    ///
    /// One task waits at a time; a test passes time with a `sleep` of its own.
    package func wait(
        atMost duration: Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void = {
            try await ContinuousClock().sleep(for: $0)
        }
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.ringing() }
            // Only cancellation ends the sleep early, and then nobody waits for it any more.
            group.addTask { try? await sleep(duration) }
            await group.next()
            group.cancelAll()
        }
    }

    private func ringing() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    if state.isRung || Task.isCancelled {
                        if !Task.isCancelled { state.isRung = false }
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }
}
