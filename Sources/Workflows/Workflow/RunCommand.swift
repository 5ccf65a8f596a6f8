package import Domain

/// Everything that can change a run: a file, a runtime's report, a person, a timer.
package enum RunCommand: Sendable, Hashable {
    /// The declared Workflow is at this generation and asks for this state.
    case declare(generation: Int64, desired: WorkflowSpec.DesiredState)
    /// A worker takes a ready task.
    case claim(task: UID, worker: String, tokenDigest: Digest, lease: Duration)
    /// The worker has begun to work on its attempt.
    case begin(attempt: UID, tokenDigest: Digest)
    /// The worker is about to push this commit.
    case announce(attempt: UID, tokenDigest: Digest, commit: CommitID)
    /// The worker's attempt ended.
    case report(attempt: UID, tokenDigest: Digest, AttemptReport)
    /// The lease of an attempt ran out.
    case loseLease(attempt: UID)
    /// A person decided.
    case decide(DecisionSpec, by: Actor)
    /// A gate's time is over.
    case expireGate(UID)
    /// A timer: only what follows from the run as it is.
    case tick
}

/// What a command is judged with: time, ids and digests, which a pure rule cannot make.
package struct RuleContext: Sendable {
    package let now: Timestamp
    package let newUID: @Sendable () -> UID
    package let digest: @Sendable ([UInt8]) -> Digest
    /// Whether something of another run is called as the command would call something new.
    package var isNameTaken = false

    /// A context of its parts.
    package init(
        now: Timestamp,
        newUID: @escaping @Sendable () -> UID,
        digest: @escaping @Sendable ([UInt8]) -> Digest
    ) {
        self.now = now
        self.newUID = newUID
        self.digest = digest
    }
}
