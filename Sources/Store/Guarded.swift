internal import OrderedCollections
internal import Synchronization

/// That a wait ended without what was waited for.
struct WaitTimeout: Error {}

/// The tasks that wait for a value, longest first.
struct Waiters<Value: Sendable>: Sendable {
    fileprivate var entries: OrderedDictionary<UInt64, CheckedContinuation<Value, any Error>> = [:]

    /// Hands a value to the one that waits longest; false when nobody waits.
    mutating func resumeFirst(_ value: Value) -> Bool {
        guard !entries.isEmpty else { return false }
        entries.removeFirst().value.resume(returning: value)
        return true
    }

    /// Hands a value to everybody.
    mutating func resumeAll(_ value: Value) {
        for continuation in entries.values { continuation.resume(returning: value) }
        entries = [:]
    }
}

/// State that some tasks change and others wait for, each until its own deadline.
///
/// A waiter is resumed by whoever takes its continuation out of the list, so never twice, and a value that
/// was handed over is never lost to a deadline that passes at the same moment.
final class Guarded<State: Sendable, Value: Sendable>: Sendable {
    private struct Content: Sendable {
        var state: State
        var waiters = Waiters<Value>()
        /// Waits that have begun and are not in the list yet, with the reason why they must end, if there is
        /// one.
        var pending: [UInt64: (any Error)?] = [:]
        var count: UInt64 = 0
    }

    private let content: Mutex<Content>

    init(_ state: State) { content = Mutex(Content(state: state)) }

    var state: State { content.withLock { $0.state } }

    @discardableResult
    func update<Answer: Sendable>(_ body: @Sendable (inout State, inout Waiters<Value>) -> Answer) -> Answer {
        content.withLock { body(&$0.state, &$0.waiters) }
    }

    /// Takes a value from the state, or waits until somebody hands one over.
    ///
    /// - Throws: `WaitTimeout` or `CancellationError`.
    func wait(
        for duration: Duration,
        orTake ready: @Sendable (inout State) -> Value?
    ) async throws -> Value {
        if let value = content.withLock({ ready(&$0.state) }) { return value }
        let id = content.withLock { content in
            content.count += 1
            content.pending[content.count] = .some(nil)
            return content.count
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                try await ContinuousClock().sleep(for: duration)
                end(id, WaitTimeout())
            }
            defer { group.cancelAll() }
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { enlist(id, $0, ready) }
            } onCancel: {
                end(id, CancellationError())
            }
        }
    }

    private func enlist(
        _ id: UInt64,
        _ continuation: CheckedContinuation<Value, any Error>,
        _ ready: (inout State) -> Value?
    ) {
        content.withLock { content in
            let reason = content.pending.removeValue(forKey: id) ?? nil
            if let reason {
                continuation.resume(throwing: reason)
            } else if let value = ready(&content.state) {
                continuation.resume(returning: value)
            } else {
                content.waiters.entries[id] = continuation
            }
        }
    }

    private func end(_ id: UInt64, _ reason: any Error) {
        content.withLock { content in
            if let continuation = content.waiters.entries.removeValue(forKey: id) {
                continuation.resume(throwing: reason)
            } else if content.pending[id] != nil {
                content.pending[id] = reason
            }
        }
    }
}
