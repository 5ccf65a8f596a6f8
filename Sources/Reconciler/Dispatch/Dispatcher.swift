package import Domain
package import Workflows

/// What the dispatcher needs of the store.
package struct DispatchPorts: Sendable {
    /// Picks the best ready task of a worker and lets the body claim it; nil when nothing is ready.
    package var claimTask:
        @Sendable (
            WorkerRecord, @escaping @Sendable (Run, Pins, TaskRecord, RuleContext) throws -> RunChange?
        ) async throws
            -> (change: RunChange, pins: Pins)?
    package var transact:
        @Sendable (_ workflow: UID, _ actor: String, Request?, @escaping RunBody) async throws -> Void
    /// The run and the attempt whose token has this digest.
    package var attempt: @Sendable (Digest) async throws -> (workflow: UID, attempt: UID)?
    package var workflowOfAttempt: @Sendable (UID) async throws -> UID?
    package var run: @Sendable (UID) async throws -> (run: Run, pins: Pins)?
    package var renewLeases: @Sendable (_ worker: String, [UID], Duration) async throws -> [UID: HeldAttempt]
    package var expiredLeases: @Sendable () async throws -> [(workflow: UID, attempt: UID)]
    package var dueGates: @Sendable () async throws -> [(workflow: UID, gate: UID)]
    /// A ticket to take before looking, so that nothing is missed between looking and waiting.
    package var ticket: @Sendable () -> UInt64
    /// Waits until something was committed after the ticket was taken, or for the given time.
    package var wait: @Sendable (_ ticket: UInt64, Duration) async -> Void
    package var digest: @Sendable ([UInt8]) -> Digest

    /// Ports of their closures.
    package init(
        claimTask:
            @escaping @Sendable (
                WorkerRecord, @escaping @Sendable (Run, Pins, TaskRecord, RuleContext) throws -> RunChange?
            ) async throws -> (change: RunChange, pins: Pins)?,
        transact: @escaping @Sendable (UID, String, Request?, @escaping RunBody) async throws -> Void,
        attempt: @escaping @Sendable (Digest) async throws -> (workflow: UID, attempt: UID)?,
        workflowOfAttempt: @escaping @Sendable (UID) async throws -> UID?,
        run: @escaping @Sendable (UID) async throws -> (run: Run, pins: Pins)?,
        renewLeases: @escaping @Sendable (String, [UID], Duration) async throws -> [UID: HeldAttempt],
        expiredLeases: @escaping @Sendable () async throws -> [(workflow: UID, attempt: UID)],
        dueGates: @escaping @Sendable () async throws -> [(workflow: UID, gate: UID)],
        ticket: @escaping @Sendable () -> UInt64,
        wait: @escaping @Sendable (UInt64, Duration) async -> Void,
        digest: @escaping @Sendable ([UInt8]) -> Digest
    ) {
        self.claimTask = claimTask
        self.transact = transact
        self.attempt = attempt
        self.workflowOfAttempt = workflowOfAttempt
        self.run = run
        self.renewLeases = renewLeases
        self.expiredLeases = expiredLeases
        self.dueGates = dueGates
        self.ticket = ticket
        self.wait = wait
        self.digest = digest
    }
}

/// A request that may be repeated: the same id with the same content is answered again, other content
/// refused.
package struct Request: Sendable, Hashable {
    package let scope: String
    package let id: String
    package let content: Digest
}

/// An attempt as a heartbeat finds it.
package struct HeldAttempt: Sendable, Hashable {
    package let state: AttemptState
    package let phase: WorkflowPhase

    /// A held attempt of its parts.
    package init(state: AttemptState, phase: WorkflowPhase) {
        self.state = state
        self.phase = phase
    }
}

/// A claim as the worker gets it.
package struct GrantedClaim: Sendable {
    package let contract: Contract
    package let token: String
}

/// Hands ready tasks to workers and takes their reports: the control plane's half of the worker door.
package struct Dispatcher: Sendable {
    private let ports: DispatchPorts
    private let lease: Duration

    /// A dispatcher whose claims hold for `lease` without a heartbeat.
    package init(ports: DispatchPorts, lease: Duration) {
        self.ports = ports
        self.lease = lease
    }

    /// Claims up to `tokens.count` tasks, waiting for the first one until the deadline.
    ///
    /// The tokens are derived by the caller from the worker's own token and the request's id, so a repeated
    /// request finds the attempts of the first by their digests and nothing secret is ever stored.
    package func claim(
        for worker: WorkerRecord,
        tokens: [String],
        wait: Duration
    ) async throws -> [GrantedClaim] {
        let clock = ContinuousClock()
        let deadline = clock.now + wait
        while true {
            let ticket = ports.ticket()
            var granted: [GrantedClaim] = []
            for token in tokens {
                guard let claim = try await claimOne(for: worker, token: token) else { break }
                granted.append(claim)
            }
            let left = clock.now.duration(to: deadline)
            guard granted.isEmpty, left > .zero, !Task.isCancelled else { return granted }
            // No bell rings when the time comes at which a task may be tried again.
            await ports.wait(ticket, min(left, .seconds(2)))
        }
    }

    private func claimOne(for worker: WorkerRecord, token: String) async throws -> GrantedClaim? {
        let digest = ports.digest(Array(token.utf8))
        if let (workflow, attempt) = try await ports.attempt(digest) {
            guard let (run, pins) = try await ports.run(workflow) else { return nil }
            return try grant(attempt, token: token, run: run, pins: pins)
        }
        let lease = lease
        let claimed = try await ports.claimTask(worker) { run, pins, task, context in
            guard has(worker, commandsFor: task, pins) else { return nil }
            let command = RunCommand.claim(
                task: task.uid,
                worker: worker.name,
                tokenDigest: digest,
                lease: lease
            )
            do {
                return try apply(command, to: run, pins: pins, context: context)
            } catch is Refusal {
                return nil
            }
        }
        guard let claimed, let attempt = claimed.change.run.attempts.last(where: { $0.tokenDigest == digest })
        else {
            return nil
        }
        return try grant(attempt.uid, token: token, run: claimed.change.run, pins: claimed.pins)
    }

    /// Whether the worker has verified every command that the task's profile requires.
    private func has(_ worker: WorkerRecord, commandsFor task: TaskRecord, _ pins: Pins) -> Bool {
        requiredCommands(of: task, pins).allSatisfy(worker.commands.contains)
    }

    private func grant(_ uid: UID, token: String, run: Run, pins: Pins) throws -> GrantedClaim? {
        guard let attempt = run.attempts.first(where: { $0.uid == uid }), attempt.state == .live,
            let task = run.tasks.first(where: { $0.uid == attempt.taskUID })
        else { return nil }
        return GrantedClaim(
            contract: try contract(for: attempt, task: task, run: run, pins: pins),
            token: token
        )
    }

    /// Renews the leases of a worker's attempts and says what each must do.
    package func heartbeat(_ worker: WorkerRecord, attempts: [UID]) async throws -> [UID: HeldAttempt] {
        guard !attempts.isEmpty else { return [:] }
        return try await ports.renewLeases(worker.name, attempts, lease)
    }

    /// Whether a token is that of an attempt.
    func isProved(_ attempt: UID, by token: String) async throws -> Bool {
        try await ports.attempt(ports.digest(Array(token.utf8)))?.attempt == attempt
    }

    /// The worker began to work on its attempt.
    package func begin(_ attempt: UID, token: String, worker: WorkerRecord) async throws {
        try await perform(attempt, worker, nil) { .begin(attempt: attempt, tokenDigest: $0(token)) }
    }

    /// The worker is about to push a commit.
    package func announce(_ attempt: UID, token: String, commit: CommitID, worker: WorkerRecord) async throws
    {
        try await perform(attempt, worker, nil) {
            .announce(attempt: attempt, tokenDigest: $0(token), commit: commit)
        }
    }

    /// The worker's attempt ended; a repeat with the same id is answered like the first.
    package func report(
        _ attempt: UID,
        token: String,
        requestID: String,
        _ report: AttemptReport,
        worker: WorkerRecord
    ) async throws {
        let content = ports.digest(try Value(encoding: report).canonicalBytes)
        let request = Request(scope: "report:\(attempt)", id: requestID, content: content)
        try await perform(attempt, worker, request) {
            .report(attempt: attempt, tokenDigest: $0(token), report)
        }
    }

    private func perform(
        _ attempt: UID,
        _ worker: WorkerRecord,
        _ request: Request?,
        _ command: @escaping @Sendable (@Sendable (String) -> Digest) -> RunCommand
    ) async throws {
        guard let workflow = try await ports.workflowOfAttempt(attempt) else {
            throw Failure(.notFound, "there is no attempt \(attempt)", reason: ReasonCode.notFound.rawValue)
        }
        let digest = ports.digest
        do {
            try await ports.transact(workflow, "worker:\(worker.name)", request) { run, pins, context in
                try apply(command { digest(Array($0.utf8)) }, to: run, pins: pins, context: context)
            }
        } catch let refusal as Refusal {
            throw Failure(.conflict, refusal.message, reason: refusal.reason.rawValue)
        }
    }

    /// Fires what is due: leases that ran out and gates whose time is over.
    ///
    /// - Throws: the first failure, after everything else that is due was fired: one bad run stops no other.
    package func sweep() async throws {
        var due = try await ports.expiredLeases().map {
            ($0.workflow, RunCommand.loseLease(attempt: $0.attempt))
        }
        due += try await ports.dueGates().map { ($0.workflow, RunCommand.expireGate($0.gate)) }
        var failure: (any Error)?
        for (workflow, command) in due {
            do {
                try await ports.transact(workflow, "controller", nil) { run, pins, context in
                    try apply(command, to: run, pins: pins, context: context)
                }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }
}
