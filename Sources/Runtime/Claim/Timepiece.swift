package import Domain
internal import Glibc
internal import Threads

/// Time, as everything here is told it.
package struct Timepiece: Sendable {
    /// The clock for leases and limits; it also counts while the machine sleeps.
    package let now: @Sendable () -> ContinuousClock.Instant
    /// The clock of people, for log lines alone.
    package let wall: @Sendable () -> Timestamp
    /// Throws `CancellationError`.
    package let sleep: @Sendable (Duration) async throws -> Void

    /// A timepiece of its parts.
    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        wall: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.wall = wall
        self.sleep = sleep
    }

    /// The machine's own clocks.
    package static let system = Timepiece(
        now: { ContinuousClock.now },
        wall: {
            var time = timespec()
            // CLOCK_REALTIME exists on every Linux, so the call cannot fail.
            _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
        },
        sleep: { try await ContinuousClock().sleep(for: $0) }
    )
}

extension Bell {
    /// Waits by a clock that may be a test's.
    func wait(atMost duration: Duration, _ clock: Timepiece) async {
        await wait(atMost: duration, sleep: clock.sleep)
    }
}
