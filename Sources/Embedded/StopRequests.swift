internal import Threads

/// How often somebody asked for the end; the first request can be awaited.
final class StopRequests: Sendable {
    private let bell = Bell()

    /// Whether somebody asked again after the first time.
    var isHurried: Bool { bell.ticket > 1 }
    var isStopping: Bool { bell.ticket > 0 }

    func note() { bell.ring() }

    /// Returns at the first request or when the caller is cancelled.
    func first() async { await bell.wait(after: 0) }

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
