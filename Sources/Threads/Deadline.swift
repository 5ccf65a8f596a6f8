/// A moment on the monotonic clock by which a wait ends; there is no "never".
package struct Deadline: Sendable, Comparable {
    private let instant: ContinuousClock.Instant

    /// The moment that lies `duration` after `now`; a duration beyond ten years counts as ten years.
    package static func after(_ duration: Duration, now: ContinuousClock.Instant = .now) -> Deadline {
        Deadline(instant: now.advanced(by: min(duration, .seconds(315_360_000))))
    }

    private init(instant: ContinuousClock.Instant) { self.instant = instant }

    /// The time left; never negative.
    package var remaining: Duration { max(.zero, ContinuousClock.now.duration(to: instant)) }

    /// Whether the moment has come.
    package var isPast: Bool { ContinuousClock.now >= instant }

    /// The time left for `poll(2)`: milliseconds rounded up, so that a wait does not spin at its end; 0 when
    /// past.
    package var pollTimeoutMilliseconds: Int32 {
        let (seconds, attoseconds) = remaining.components
        guard seconds < 2_000_000 else { return 2_000_000_000 }
        let fraction = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(seconds * 1000 + fraction)
    }

    package static func < (left: Deadline, right: Deadline) -> Bool { left.instant < right.instant }
}

/// Runs an operation and gives up on it after `duration`.
///
/// The operation is cancelled and awaited when its time is over, so it must answer cancellation.
/// *Cancellation*: of the caller, reaches the operation, whose own error comes out.
/// - Throws: `SystemError.timedOut`, never `CancellationError`, when the time was over first.
package func withDeadline<Value: Sendable>(
    _ duration: Duration,
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let timedOut = SystemError(
        code: .timedOut,
        message: "The operation took longer than \(duration)",
        call: "withDeadline"
    )
    return try await withTaskGroup(of: Outcome<Value>.self) { group in
        group.addTask {
            do { return .finished(.success(try await operation())) } catch {
                return .finished(.failure(error))
            }
        }
        group.addTask {
            do { try await ContinuousClock().sleep(for: duration) } catch { return .interrupted }
            return .expired
        }
        defer { group.cancelAll() }
        for await outcome in group {
            switch outcome {
            case .finished(let result): return result
            case .expired: return .failure(timedOut)
            // The caller was cancelled; the operation sees that too and its answer is the one that counts.
            case .interrupted: continue
            }
        }
        return .failure(timedOut)
    }.get()
}

private enum Outcome<Value: Sendable>: Sendable {
    case finished(Result<Value, any Error>)
    case expired
    case interrupted
}
