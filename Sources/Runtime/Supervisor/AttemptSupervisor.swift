internal import Containers
internal import Domain
internal import Logging
internal import Outbound
internal import Secrets
internal import WorkerProtocol

/// One task, start to end: begin, workspace, loop, capture, report, destroy.
///
/// Every step may fail; then the attempt ends with a category and a message. Whatever happens, its sandbox
/// and files are gone when ``run(_:_:)`` returns.
struct AttemptSupervisor: Sendable {
    /// How long a report that nobody answers is repeated.
    static let reportPatience: Duration = .seconds(900)

    let door: WorkerDoor
    let engine: SandboxEngine
    var clock: Timepiece
    /// The folder of this runtime's attempts.
    let folder: String
    let logger: Logger
    let redactor: Redactor
    /// Who thinks, by contract.
    ///
    /// Throws `Failure`.
    var model: @Sendable (Contract) throws -> Model = { try Model.named(in: $0) }

    /// Runs an attempt that was claimed, until it is reported or thrown away.
    func run(_ claim: ClaimReply.Claim, _ control: AttemptControl) async {
        var redactor = redactor
        redactor.register(SecretText(claim.token))
        let door = door
        let log = TaskLog(clock: clock, redactor: redactor) { lines in
            _ = try await door.logs(LogsRequest(proof: control.proof, lines: lines))
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await log.run() }
            await attempt(claim, control, log)
            log.close()
            // What cannot be sent by now would only hold up the slot.
            group.addTask { try? await clock.sleep(.seconds(5)) }
            await group.next()
            group.cancelAll()
        }
    }

    private func attempt(_ claim: ClaimReply.Claim, _ control: AttemptControl, _ log: TaskLog) async {
        let attempt = LiveAttempt(
            contract: claim.contract,
            door: door,
            engine: engine,
            clock: clock,
            folder: folder,
            log: log,
            control: control,
            meter: Meter(price: claim.contract.model.price),
            model: model
        )
        let started = clock.now()
        let limit = started.advanced(by: .milliseconds(claim.contract.limits.timeoutMilliseconds))
        let ending = await guarded(control, until: limit) { await attempt.run() }
        if let report = report(ending, attempt, started) {
            log.add(
                .runtime,
                "the attempt ends: \(report.outcome.rawValue)",
                .members([
                    "category": report.category.map { .string($0) },
                    "message": report.message.map { .string($0) },
                ])
            )
            _ = await guarded(control, until: nil) { await deliver(report, control) }
        } else {
            logger.info(
                "an attempt was thrown away",
                metadata: ["attempt": "\(claim.contract.identity.attempt)"]
            )
        }
        // In a task of its own, since the cancellation that ended the attempt must not keep its remains.
        await Task { await attempt.cleanUp(logger) }.value
    }

    /// The report of an ending; nil for one that is nobody's business any more.
    private func report(
        _ ending: Guarded<LiveAttempt.Ending>,
        _ attempt: LiveAttempt,
        _ started: ContinuousClock.Instant
    ) -> AttemptReport? {
        var usage = attempt.meter.usage
        usage.wallMilliseconds = started.duration(to: clock.now()).milliseconds
        switch ending {
        case .done(.completed(let handoff, let commit)):
            return AttemptReport(
                outcome: .completed,
                handoff: handoff,
                category: nil,
                message: nil,
                usage: usage,
                commit: commit
            )
        case .done(.parked):
            return AttemptReport(
                outcome: .parked,
                handoff: nil,
                category: nil,
                message: nil,
                usage: usage,
                commit: nil
            )
        case .done(.failed(let failure)):
            return AttemptReport(
                outcome: .failed,
                handoff: nil,
                category: failure.category.rawValue,
                message: failure.message,
                usage: usage,
                commit: nil
            )
        case .stopped(.timedOut):
            let limit = Duration.milliseconds(attempt.contract.limits.timeoutMilliseconds).text
            return AttemptReport(
                outcome: .failed,
                handoff: nil,
                category: AttemptFailure.Category.timeout.rawValue,
                message: "The task's time limit of \(limit) is over",
                usage: usage,
                commit: nil
            )
        case .stopped(.cancelled), .stopped(.leaseLost), .done(.discarded): return nil
        }
    }

    /// Reports until somebody answers, for a quarter of an hour; the end of the lease stops it sooner.
    ///
    /// Heartbeats may be answered where reports are not, and a lease that they renew would hold the task and
    /// its slot for ever.
    private func deliver(_ report: AttemptReport, _ control: AttemptControl) async {
        let request = ReportRequest(
            proof: control.proof,
            requestID: "report-\(control.proof.attempt)",
            report: report
        )
        let end = clock.now().advanced(by: Self.reportPatience)
        var budget = RetryBudget(maximumAttempts: .max, base: .milliseconds(200), cap: .seconds(5))
        while !Task.isCancelled {
            do {
                _ = try await door.report(request)
                return
            } catch let failure as Failure where failure.isTransient && clock.now() < end {
                // Only cancellation ends the pause early, and then the loop ends, too.
                try? await clock.sleep(max(budget.pause(random: 1) ?? .seconds(5), .milliseconds(100)))
            } catch {
                logger.warning(
                    "a report was not taken",
                    metadata: ["attempt": "\(control.proof.attempt)", "error": "\(error)"]
                )
                return
            }
        }
    }

    /// How work that may be stopped from outside has ended.
    private enum Guarded<Result: Sendable>: Sendable {
        case done(Result)
        case stopped(AttemptStop)
    }

    /// Does work until it is done or the attempt must stop; the work is over in both cases when this returns.
    private func guarded<Result: Sendable>(
        _ control: AttemptControl,
        until limit: ContinuousClock.Instant?,
        _ work: @escaping @Sendable () async -> Result
    ) async -> Guarded<Result> {
        await withTaskGroup(of: Guarded<Result>?.self) { group in
            group.addTask { .done(await work()) }
            group.addTask { await control.stopped(by: limit, clock).map { .stopped($0) } }
            var first = await group.next() ?? nil
            // Nil says that we are cancelled ourselves; the work sees that, too, and its end is awaited.
            if first == nil { first = await group.next() ?? nil }
            group.cancelAll()
            return first ?? .stopped(.cancelled)
        }
    }
}
