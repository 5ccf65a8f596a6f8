internal import Domain
internal import Logging
internal import Outbound
internal import Synchronization
internal import Threads
internal import WorkerProtocol

/// A runtime's life: it registers, beats, claims tasks and supervises an attempt for each, until it is
/// drained.
package final class Worker: Sendable {
    /// How a life ends when it is not cancelled.
    package enum End: Sendable, Equatable {
        /// Everything that was claimed is finished.
        case drained
        /// The control plane was away for too long, or does not know this worker any more.
        case abandoned(String)
    }

    /// Heartbeats in a row that may fail before the worker gives up.
    static let heartbeatLimit = 24

    private let settings: WorkerSettings
    private let door: WorkerDoor
    private let clock: Timepiece
    private let logger: Logger
    /// Runs one attempt to its end; everything it made is gone afterwards.
    private let supervise: @Sendable (ClaimReply.Claim, AttemptControl) async -> Void
    private let attempts = LiveAttempts()
    private let isDraining = Mutex(false)
    /// Rung when a slot becomes free or the worker drains.
    private let claimBell = Bell()
    /// Rung when a heartbeat has something new to say.
    private let beatBell = Bell()

    init(
        settings: WorkerSettings,
        door: WorkerDoor,
        clock: Timepiece,
        logger: Logger,
        supervise: @escaping @Sendable (ClaimReply.Claim, AttemptControl) async -> Void
    ) {
        self.settings = settings
        self.door = door
        self.clock = clock
        self.logger = logger
        self.supervise = supervise
    }

    /// Claims no more and ends once what was claimed is finished.
    package func drain() {
        isDraining.withLock { $0 = true }
        claimBell.ring()
        beatBell.ring()
    }

    private var mustDrain: Bool { isDraining.withLock { $0 } }

    /// Lives until drained or abandoned.
    ///
    /// *Cancellation*: stops all attempts and throws their reports away.
    /// - Throws: `Failure` when the worker cannot register; `CancellationError`.
    package func run() async throws -> End {
        let registration = try await register()
        logger.info(
            "registered",
            metadata: ["worker": "\(registration.worker)", "slots": "\(registration.slots)"]
        )
        return try await withThrowingTaskGroup(of: End.self) { group in
            group.addTask { try await self.beat(every: .milliseconds(registration.heartbeatMilliseconds)) }
            // The lease counts from the request, so that half of it is left when the reply comes last.
            let wait = min(self.settings.claimWait, .milliseconds(registration.leaseMilliseconds / 2))
            group.addTask { try await self.work(slots: max(1, registration.slots), claimWait: wait) }
            let end = try await group.next() ?? .drained
            // The other half ends by cancellation: attempts of an abandoned worker are stopped here.
            group.cancelAll()
            return end
        }
    }

    private func register() async throws -> RegisterReply {
        let request = RegisterRequest(
            runtime: settings.name,
            commands: settings.commands,
            version: settings.version
        )
        var budget = RetryBudget(maximumAttempts: 10, base: .milliseconds(200), cap: .seconds(10))
        while true {
            do { return try await door.register(request) } catch let failure as Failure
                where failure.isTransient
            {
                guard let pause = budget.pause(random: settings.random()) else { throw failure }
                try await clock.sleep(pause)
            }
        }
    }

    /// Renews the leases until too many beats in a row have failed.
    private func beat(every interval: Duration) async throws -> End {
        var failures = 0
        while true {
            try Task.checkCancellation()
            let sent = clock.now()
            do {
                let reply = try await door.heartbeat(
                    HeartbeatRequest(attempts: attempts.proofs, isDraining: mustDrain)
                )
                failures = 0
                attempts.apply(reply, sent: sent)
                if reply.mustDrain, !mustDrain { drain() }
            } catch let failure as Failure {
                failures += 1
                logger.warning(
                    "a heartbeat failed",
                    metadata: ["error": "\(failure)", "failures": "\(failures)"]
                )
                // A worker that is not known any more never will be: its identity ended with it.
                let isUnknown = [.unauthenticated, .forbidden, .notFound, .expired].contains(failure.code)
                if isUnknown || failures >= Self.heartbeatLimit { return .abandoned(failure.description) }
            }
            await beatBell.wait(atMost: interval, clock)
        }
    }

    /// Claims while there are free slots; returns when the worker drains and its attempts are finished.
    private func work(slots: Int, claimWait: Duration) async throws -> End {
        await withDiscardingTaskGroup { group in
            var pending: ClaimRequest?
            var budget = RetryBudget(maximumAttempts: .max, base: .milliseconds(250), cap: .seconds(10))
            while !Task.isCancelled, !mustDrain || pending != nil {
                let free = slots - attempts.count
                guard free > 0 else {
                    await claimBell.wait(atMost: .seconds(60), clock)
                    continue
                }
                // A request whose reply was lost is repeated unchanged, also while draining: what it claimed
                // is ours.
                let request = pending ?? newRequest(count: free, wait: claimWait)
                pending = request
                let sent = clock.now()
                do {
                    let reply = try await door.claim(request)
                    pending = nil
                    budget = RetryBudget(maximumAttempts: .max, base: .milliseconds(250), cap: .seconds(10))
                    for claim in reply.claims { start(claim, sent: sent, &group) }
                } catch {
                    if Task.isCancelled { break }
                    if let failure = error as? Failure, !failure.isTransient { pending = nil }
                    logger.warning("a claim failed", metadata: ["error": "\(error)"])
                    let pause = budget.pause(random: settings.random()) ?? .seconds(10)
                    await claimBell.wait(atMost: max(pause, .milliseconds(50)), clock)
                }
            }
        }
        return .drained
    }

    private func newRequest(count: Int, wait: Duration) -> ClaimRequest {
        ClaimRequest(
            count: count,
            waitMilliseconds: wait.milliseconds,
            requestID: settings.requestID()
        )
    }

    private func start(
        _ claim: ClaimReply.Claim,
        sent: ContinuousClock.Instant,
        _ group: inout DiscardingTaskGroup
    ) {
        guard let control = attempts.add(claim, sent: sent) else { return }
        // The reply may have waited, and the lease counts from the request: it is renewed at once.
        beatBell.ring()
        logger.info("claimed", metadata: ["attempt": "\(claim.contract.identity.attempt)"])
        group.addTask {
            await self.supervise(claim, control)
            self.attempts.remove(control.proof.attempt)
            self.claimBell.ring()
        }
    }
}
