internal import Domain
internal import Synchronization
internal import Threads
internal import WorkerProtocol

/// Why an attempt must stop at once.
enum AttemptStop: Sendable, Hashable {
    /// The control plane said so; it wants no report.
    case cancelled
    /// The lease ran out, so somebody else may have the task by now.
    case leaseLost
    /// The attempt used up its time; this alone is reported.
    case timedOut
}

/// What the control plane wants of one live attempt, between its heartbeats and its supervisor.
///
/// Live → parking → stopped; stopped is final. The lease counts from the moment its renewal was *sent*: what
/// the control plane grants can only end later than that.
final class AttemptControl: Sendable {
    private struct State {
        var leaseEnd: ContinuousClock.Instant
        var stop: AttemptStop?
        var mustPark = false
    }

    let proof: AttemptProof
    private let state: Mutex<State>
    private let bell = Bell()

    init(proof: AttemptProof, leaseEnd: ContinuousClock.Instant) {
        self.proof = proof
        state = Mutex(State(leaseEnd: leaseEnd))
    }

    /// Whether the attempt is to stop at its next turn boundary.
    var mustPark: Bool { state.withLock { $0.mustPark } }

    /// Takes what a heartbeat that was sent at `sent` has brought.
    func apply(_ lease: HeartbeatReply.Lease, sent: ContinuousClock.Instant) {
        if lease.directive == .cancel { return stop(.cancelled) }
        if lease.leaseMilliseconds <= 0 { return stop(.leaseLost) }
        state.withLock {
            $0.leaseEnd = max($0.leaseEnd, sent.advanced(by: .milliseconds(lease.leaseMilliseconds)))
            if lease.directive == .park { $0.mustPark = true }
        }
    }

    /// Stops the attempt; the first reason stays.
    func stop(_ reason: AttemptStop) {
        state.withLock { $0.stop = $0.stop ?? reason }
        bell.ring()
    }

    /// Waits until the attempt must stop: for a reason that is given, the end of the lease, or `deadline`.
    ///
    /// Returns nil when the waiting task is cancelled. One task waits at a time.
    func stopped(by deadline: ContinuousClock.Instant?, _ clock: Timepiece) async -> AttemptStop? {
        while !Task.isCancelled {
            let (stop, leaseEnd) = state.withLock { ($0.stop, $0.leaseEnd) }
            if let stop { return stop }
            let now = clock.now()
            if now >= leaseEnd {
                self.stop(.leaseLost)
                continue
            }
            if let deadline, now >= deadline { return .timedOut }
            await bell.wait(atMost: now.duration(to: min(leaseEnd, deadline ?? leaseEnd)), clock)
        }
        return nil
    }
}
