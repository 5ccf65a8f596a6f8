internal import Synchronization

/// How often somebody asked for the end; the first request can be awaited.
final class StopRequests: Sendable {
    private struct State {
        var count = 0
        var nextKey = 0
        // Bounded by the programs, each of which waits once at a time.
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let state = Mutex(State())

    /// Whether somebody asked again after the first time.
    var isHurried: Bool { state.withLock { $0.count > 1 } }
    var isStopping: Bool { state.withLock { $0.count > 0 } }

    func note() {
        let waiting = state.withLock { state in
            state.count += 1
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume() }
    }

    /// Returns at the first request or when the caller is cancelled.
    func first() async {
        let key = state.withLock { state in
            state.nextKey += 1
            return state.nextKey
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.count > 0 || Task.isCancelled { return true }
                    state.waiting[key] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: key) }?.resume()
        }
    }

    /// Runs an operation unless the end is asked for first, which cancels it.
    ///
    /// - Returns: whether the operation was finished.
    func unlessStopped(_ operation: @escaping @Sendable () async throws -> Void) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await operation()
                return true
            }
            group.addTask { [self] in
                await first()
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }
}
