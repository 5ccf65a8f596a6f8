internal import HeapModule
internal import Synchronization

/// Sleeps as the clock's own sleep does, but leaves nothing behind when it is cancelled.
///
/// The clock keeps some 700 bytes for a sleep that was cancelled until its time would have come. Whoever
/// waits for a bell with a deadline of an hour, a hundred times a second, would fill the memory with them.
/// - Throws: `CancellationError`.
package func sleep(for duration: Duration) async throws {
    try await Sleepers.shared.sleep(until: .now + duration)
}

/// Everybody who sleeps, and one look at them whenever the first one is due.
private final class Sleepers: Sendable {
    static let shared = Sleepers()

    private struct Wake: Comparable {
        let time: ContinuousClock.Instant
        let id: UInt64

        static func < (one: Wake, other: Wake) -> Bool { (one.time, one.id) < (other.time, other.id) }
    }

    private struct Content {
        /// Also those of sleepers that were cancelled, until they are due or are too many.
        var wakes = Heap<Wake>()
        var asleep: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var count: UInt64 = 0
        /// When somebody looks next; nil while nobody sleeps.
        var nextLook: ContinuousClock.Instant?
    }

    private let content = Mutex(Content())

    func sleep(until time: ContinuousClock.Instant) async throws {
        let id = content.withLock { content in
            content.count += 1
            return content.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { begin(Wake(time: time, id: id), $0) }
        } onCancel: {
            cancel(id)
        }
    }

    private func begin(_ wake: Wake, _ continuation: CheckedContinuation<Void, any Error>) {
        let (isCancelled, isFirst) = content.withLock { content in
            // Either this sees the cancellation, or the cancellation finds the sleeper.
            if Task.isCancelled { return (true, false) }
            content.asleep[wake.id] = continuation
            content.wakes.insert(wake)
            if let nextLook = content.nextLook, nextLook <= wake.time { return (false, false) }
            content.nextLook = wake.time
            return (false, true)
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
        if isFirst { look(at: wake.time) }
    }

    private func cancel(_ id: UInt64) {
        let continuation = content.withLock { content in
            let continuation = content.asleep.removeValue(forKey: id)
            if content.wakes.count > 2 * content.asleep.count + 64 {
                let asleep = content.asleep
                content.wakes = Heap(content.wakes.unordered.filter { asleep[$0.id] != nil })
            }
            return continuation
        }
        continuation?.resume(throwing: CancellationError())
    }

    private func look(at time: ContinuousClock.Instant) {
        Task.detached { [self] in
            // Nobody cancels this task.
            try? await ContinuousClock().sleep(until: time)
            wakeDue(time)
        }
    }

    private func wakeDue(_ look: ContinuousClock.Instant) {
        var due: [CheckedContinuation<Void, any Error>] = []
        let next = content.withLock { content -> ContinuousClock.Instant? in
            // An earlier look has come between, and asked for another one.
            guard content.nextLook == look else { return nil }
            let now = ContinuousClock.now
            while let first = content.wakes.min, first.time <= now {
                content.wakes.removeMin()
                if let continuation = content.asleep.removeValue(forKey: first.id) {
                    due.append(continuation)
                }
            }
            content.nextLook = content.wakes.min?.time
            return content.nextLook
        }
        for continuation in due { continuation.resume() }
        if let next { self.look(at: next) }
    }
}
