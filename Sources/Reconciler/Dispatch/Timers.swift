/// Fires what is due, every other second: leases and gates that ran out, and workers that have been silent.
package struct Timers: Sendable {
    /// Moves workers one step towards offline that have been silent for longer than these times.
    package typealias SweepWorkers =
        @Sendable (_ degraded: Duration, _ disconnected: Duration, _ offline: Duration) async throws -> Void

    private let dispatcher: Dispatcher
    private let heartbeat: Duration
    private let sweepWorkers: SweepWorkers

    /// Timers for workers that are to be heard of every `heartbeat`.
    package init(dispatcher: Dispatcher, heartbeat: Duration, sweepWorkers: @escaping SweepWorkers) {
        self.dispatcher = dispatcher
        self.heartbeat = heartbeat
        self.sweepWorkers = sweepWorkers
    }

    /// Runs until it is cancelled; what fails, such as a store that is away, is reported and tried again.
    package func run(report: @Sendable (any Error) -> Void) async {
        while !Task.isCancelled {
            do {
                try await dispatcher.sweep()
                try await sweepWorkers(heartbeat * 2, heartbeat * 3, heartbeat * 60)
            } catch {
                report(error)
            }
            // Ends early on cancellation, which the loop condition sees.
            try? await ContinuousClock().sleep(for: .seconds(2))
        }
    }
}
