import Domain

extension Draft {
    /// A worker takes a ready task; the guards decide whether it may.
    mutating func claim(_ task: UID, worker: String, tokenDigest: Digest, lease: Duration) throws {
        let record = try self.task(task)
        try checkClaim(of: record)
        let number = run.attempts.filter { $0.taskUID == task }.count + 1
        try move(task: task, .claim) { $0.attempts += 1 }
        let claimed = try self.task(task)
        let name = self.name(claimed.name, "a\(number)")
        let now = now
        let attempt = try insert(\.attempts, "attempt.created") { uid, ordinal in
            AttemptRecord(
                uid: uid,
                name: name,
                ordinal: ordinal,
                task: claimed,
                number: number,
                worker: worker,
                tokenDigest: tokenDigest,
                createdAt: now
            )
        }
        setLease(lease, of: attempt.uid)
    }

    /// The worker makes the sandbox: from now on the task is in progress.
    ///
    /// A repeat changes nothing.
    mutating func begin(_ attempt: UID, tokenDigest: Digest) throws {
        let record = try liveAttempt(attempt, tokenDigest: tokenDigest)
        guard try task(record.taskUID).state == .claimed else { return }
        let now = now
        try update(\.attempts, attempt, "attempt.started") { $0.startedAt = now }
        try move(task: record.taskUID, .begin)
    }

    /// The worker says which commit it is about to push, so that a crash between push and report is known.
    mutating func announce(_ attempt: UID, tokenDigest: Digest, commit: CommitID) throws {
        _ = try liveAttempt(attempt, tokenDigest: tokenDigest)
        try update(\.attempts, attempt, "attempt.announced") { $0.announced = commit }
    }

    /// The worker's word on how its attempt ended.
    mutating func report(_ attempt: UID, tokenDigest: Digest, _ report: AttemptReport) throws {
        let record = try liveAttempt(attempt, tokenDigest: tokenDigest)
        let task = try self.task(record.taskUID)
        if task.state == .claimed { try move(task: task.uid, .begin) }
        try spend(report.usage.plausible, on: attempt)
        switch report.outcome {
        case .parked:
            try move(attempt: attempt, .park)
            try move(task: task.uid, .release, reason: .parked)
        case .failed:
            try move(attempt: attempt, .fail) { attempt in
                attempt.category = report.category ?? "infrastructure"
                attempt.message = report.message
            }
            try settleFailure(
                of: task,
                category: report.category ?? "infrastructure",
                message: report.message
            )
        case .completed: try complete(record, of: task, report)
        }
        try enforceBudget()
    }

    /// The lease ran out: the task is ready again, unless it was lost too often.
    mutating func loseLease(_ attempt: UID) throws {
        guard let record = run.attempts.first(where: { $0.uid == attempt }), record.state == .live else {
            return
        }
        try move(attempt: attempt, .lose) { attempt in
            attempt.category = "infrastructure"
            attempt.message = "the worker stopped renewing its lease"
        }
        let task = try self.task(record.taskUID)
        guard task.failures + 1 >= pins.playbook.retry.maxAttempts else {
            try move(task: task.uid, .release, reason: .leaseLost) { $0.failures += 1 }
            return
        }
        try move(task: task.uid, .escalate, reason: .attemptsExhausted) { $0.failures += 1 }
        try openEscalation(
            for: task,
            reason: .attemptsExhausted,
            question: "task/\(task.name) lost its worker too often"
        )
    }

    private mutating func complete(
        _ attempt: AttemptRecord,
        of task: TaskRecord,
        _ report: AttemptReport
    ) throws {
        guard let handoff = report.handoff else {
            throw Refusal(.handoffMissing, "a completed attempt must carry a handoff")
        }
        guard task.purpose == .delivery || handoff.resolution != nil else {
            throw Refusal(.resolutionMissing, "an assessment must carry a resolution")
        }
        let now = now
        try move(attempt: attempt.uid, .complete) { $0.commit = report.commit }
        if let commit = report.commit { try updateWorkflow("workflow.head_moved") { $0.head = commit } }
        let number = run.handoffs.filter { $0.taskUID == task.uid }.count + 1
        let name = self.name(task.name, "h\(number)")
        try insert(\.handoffs, "handoff.created") { uid, ordinal in
            HandoffRecord(
                uid: uid,
                name: name,
                ordinal: ordinal,
                task: task,
                attempt: attempt,
                handoff: handoff,
                createdAt: now
            )
        }
        guard handoff.completion == .full || task.purpose == .assessment else {
            try move(task: task.uid, .escalate, reason: .deliveryBlocked, message: handoff.summary)
            try openEscalation(for: task, reason: .deliveryBlocked, question: handoff.summary)
            return
        }
        try move(task: task.uid, isAssessed(task) ? .submit : .complete)
    }

    /// A failed attempt is tried again when its category allows, else a person is asked.
    private mutating func settleFailure(of task: TaskRecord, category: String, message: String?) throws {
        let retry = pins.playbook.retry
        try move(task: task.uid, .fail, reason: .attemptFailed, message: message) { $0.failures += 1 }
        let failures = try self.task(task.uid).failures
        if retry.categories.contains(category), failures < retry.maxAttempts {
            let wait = retryDelay(after: failures, retry)
            let due = now + wait
            try move(task: task.uid, .retry, reason: .attemptFailed, message: message) { $0.notBefore = due }
            return
        }
        let reason: ReasonCode = retry.categories.contains(category) ? .attemptsExhausted : .attemptFailed
        try move(task: task.uid, .escalate, reason: reason, message: message)
        try openEscalation(for: task, reason: reason, question: message ?? "\(task.name) failed: \(category)")
    }

    private mutating func spend(_ usage: Usage, on attempt: UID) throws {
        try update(\.attempts, attempt, "attempt.spent") { $0.usage = usage }
        try updateWorkflow("workflow.spent") { $0.spend = $0.spend + usage }
    }

    /// The attempt, when it is live and the token is its own; anything else is a stale report.
    private func liveAttempt(_ uid: UID, tokenDigest: Digest) throws -> AttemptRecord {
        guard let attempt = run.attempts.first(where: { $0.uid == uid }), attempt.tokenDigest == tokenDigest
        else {
            throw Refusal(.notFound, "the run has no such attempt")
        }
        guard attempt.state == .live else {
            throw Refusal(.staleAttempt, "attempt/\(attempt.name) has ended as \(attempt.state.rawValue)")
        }
        return attempt
    }
}

/// How long a task waits after its nth failure in a row; capped at ten minutes.
///
/// No jitter: the runs of one installation claim one by one, so there is no herd to scatter.
func retryDelay(after failures: Int, _ retry: PlaybookSpec.Retry) -> Duration {
    let base = 5
    let seconds =
        switch retry.backoff {
        case .fixed: base
        case .linear: base * failures
        case .exponential: base << min(failures - 1, 10)
        }
    return .seconds(min(seconds, 600))
}
