internal import Synchronization

/// Wakes one waiting task; a ring that nobody waits for is kept for the next one who does.
final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            if state.waiter == nil { state.isRung = true }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when the bell rings, the time is over or the task is cancelled.
    ///
    /// One task waits at a time.
    func wait(atMost duration: Duration, _ clock: Timepiece) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.ringing() }
            // Only cancellation ends the sleep early, and then nobody waits for it any more.
            group.addTask { try? await clock.sleep(duration) }
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
