/// Why a rule refused or decided; clients may branch on the raw value.
package enum ReasonCode: String, Sendable, Hashable, Codable, CaseIterable {
    case illegalTransition = "illegal_transition"
    case notFound = "not_found"
    case runNotActive = "run_not_active"
    case runIsTerminal = "run_is_terminal"
    case taskNotReady = "task_not_ready"
    case staleAttempt = "stale_attempt"
    case handoffMissing = "handoff_missing"
    case resolutionMissing = "resolution_missing"
    case headMoved = "head_moved"
    case capacityReached = "capacity_reached"
    case branchTaken = "branch_taken"
    case budgetExceeded = "budget_exceeded"
    case noOpenGate = "no_open_gate"
    case severalOpenGates = "several_open_gates"
    case gateSuperseded = "gate_superseded"
    case digestMismatch = "digest_mismatch"
    case notAnApprover = "not_an_approver"
    case alreadyVoted = "already_voted"
    case separationUnavailable = "separation_unavailable"
    case unsupportedAction = "unsupported_action"
    case changesExhausted = "changes_exhausted"
    case assessmentRejected = "assessment_rejected"
    case gateRejected = "gate_rejected"
    case gateBlocked = "gate_blocked"
    case gateExpired = "gate_expired"
    case deliveryBlocked = "delivery_blocked"
    case attemptsExhausted = "attempts_exhausted"
    case attemptFailed = "attempt_failed"
    case leaseLost = "lease_lost"
    case parked = "parked"
    case cancelled = "cancelled"
    case inputChanged = "input_changed"
    case changesRequested = "changes_requested"
    case emptyStage = "empty_stage"
    case orchestrationStuck = "orchestration_stuck"
    case nothingRefused = "nothing_refused"

    /// What it means and what to do, as `agirunner explain reason CODE` prints it.
    package var explanation: String {
        switch self {
        case .illegalTransition: "The object is in a state that does not allow this; look at it again."
        case .notFound: "The run has no such task, gate, attempt or escalation."
        case .runNotActive: "The run is paused, pending or ended, so nothing of it can be claimed."
        case .runIsTerminal: "The run has ended and is final; declare a new one."
        case .taskNotReady: "The task waits for others, is being worked on, or is done."
        case .staleAttempt:
            "Another attempt holds the task or the attempt has ended; its report changes nothing."
        case .handoffMissing: "A completed attempt must hand something over with submit_handoff."
        case .resolutionMissing: "An assessor must say approved, request_changes, rejected or blocked."
        case .headMoved: "Another attempt moved the run's branch in the meantime."
        case .branchTaken: "One delivery at a time works on a run's branch; the next starts from it."
        case .capacityReached: "As many tasks are active as the limits allow."
        case .budgetExceeded:
            "The run has used its budget; answer the escalation to go on without a limit, or cancel."
        case .noOpenGate: "The run has no gate that waits for a decision."
        case .severalOpenGates: "The run has several open gates; name one as gate/NAME."
        case .gateSuperseded: "The gate no longer waits for a decision."
        case .digestMismatch: "What was decided on has changed since; look at the gate again."
        case .notAnApprover: "The gate names who may decide, and the actor is not among them."
        case .alreadyVoted: "The actor has decided on this gate before; another person must agree."
        case .separationUnavailable:
            "The gate excludes requester or author, whom this installation cannot tell yet."
        case .unsupportedAction: "The action does not apply to this kind of object."
        case .changesExhausted:
            "Reviewers asked for changes more often than maxCycles or reworkPerTask allows."
        case .assessmentRejected: "A reviewer rejected the work or could not judge it."
        case .gateRejected: "A person rejected the gate; onReject of the stage says what follows."
        case .gateBlocked: "A person blocked the gate; an answer to the escalation has it asked anew."
        case .gateExpired: "Nobody decided on the gate in time."
        case .deliveryBlocked: "The agent said it could not finish and named what blocks it."
        case .attemptsExhausted: "The task failed as often as retry.maxAttempts allows."
        case .attemptFailed: "The attempt failed in a way that a retry does not help."
        case .leaseLost: "The runtime stopped renewing its lease; the task goes to another one."
        case .parked: "The attempt stopped at a turn boundary because the run was paused."
        case .cancelled: "A person or the file cancelled the run or the task."
        case .inputChanged: "An earlier delivery is newer than this one, so it is worked again."
        case .changesRequested: "A reviewer or an approver asked for changes."
        case .emptyStage: "The stage has neither roles, assessors, items nor a gate, so it counts as done."
        case .nothingRefused: "The source deletes what it should, or another commit has come since."
        case .orchestrationStuck:
            "The rules found no end; this is a defect, please report it with the run's events."
        }
    }
}

/// A command that a rule did not allow; nothing was changed.
package struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    package let reason: ReasonCode
    /// What blocks, in a sentence.
    package let message: String
    /// What would be legal instead, as commands a person can type.
    package let next: [String]

    /// A refusal of its parts.
    package init(_ reason: ReasonCode, _ message: String, next: [String] = []) {
        self.reason = reason
        self.message = message
        self.next = next
    }

    package var description: String { "\(message) (\(reason.rawValue))" }
}
