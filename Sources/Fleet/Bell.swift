internal import Synchronization

/// Wakes the one loop that waits for it; a ring between two waits is not lost.
package final class FleetBell: Sendable {
    private struct State {
        var hasRung = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// A silent bell.
    package init() {}

    /// Wakes whoever waits, or the next one who does.
    package func ring() {
        let waiting = state.withLock { state in
            defer { state.waiting = nil }
            state.hasRung = state.waiting == nil
            return state.waiting
        }
        waiting?.resume()
    }

    /// Returns at a ring, after the duration, or at once when cancelled.
    func wait(for duration: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            // Ends early by cancellation alone.
            group.addTask { try? await ContinuousClock().sleep(for: duration) }
            group.addTask { [self] in await rung() }
            await group.next()
            group.cancelAll()
        }
    }

    private func rung() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.hasRung || Task.isCancelled {
                        state.hasRung = false
                        return true
                    }
                    state.waiting = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiting = state.withLock { state in
                defer { state.waiting = nil }
                return state.waiting
            }
            waiting?.resume()
        }
    }
}
