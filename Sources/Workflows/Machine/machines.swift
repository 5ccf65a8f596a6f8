package import Domain

/// What can happen to a task.
package enum TaskEvent: String, Sendable, CaseIterable {
    case makeReady, requireApproval, approve, holdBack, claim, begin, release, submit, complete
    case requestChanges, answer, retry, escalate, fail, cancel
}

/// What can happen to an attempt.
package enum AttemptEvent: String, Sendable, CaseIterable { case complete, fail, park, lose, cancel }

/// What can happen to a stage.
package enum StageEvent: String, Sendable, CaseIterable {
    case enter, askGate, complete, block, reopen, reset
}

/// What can happen to a work item.
package enum WorkItemEvent: String, Sendable, CaseIterable { case block, escalate, complete, reopen, cancel }

/// What can happen to a gate.
package enum GateEvent: String, Sendable, CaseIterable {
    case approve, reject, requestChanges, block, expire, supersede
}

/// What can happen to an escalation.
package enum EscalationEvent: String, Sendable, CaseIterable { case answer, cancel }

/// What can happen to a run; the phase is derived, and every change of it must be one of these.
package enum WorkflowEvent: String, Sendable, CaseIterable {
    case start, pause, resume, complete, fail, cancel
}

/// The machines of a run (lifecycle §1).
package enum Machines {
    /// pending → ready, awaiting_approval · awaiting_approval → ready · ready → claimed, pending ·
    /// claimed → in_progress, ready, failed, escalated · in_progress → completed, output_pending_assessment,
    /// escalated, ready, failed · output_pending_assessment → completed, ready, failed ·
    /// escalated → ready, completed, failed · failed → ready, escalated · completed → ready ·
    /// all but completed and cancelled → cancelled.
    package static let task = Machine<TaskState, TaskEvent>([
        .makeReady: from(.pending, to: .ready),
        .requireApproval: from(.pending, to: .awaitingApproval),
        .approve: from(.awaitingApproval, to: .ready),
        .holdBack: from(.ready, to: .pending),
        .claim: from(.ready, to: .claimed),
        .begin: from(.claimed, to: .inProgress),
        .release: from(.claimed, .inProgress, to: .ready),
        .submit: from(.inProgress, to: .outputPendingAssessment),
        .complete: from(.inProgress, .outputPendingAssessment, .escalated, to: .completed),
        .requestChanges: from(.outputPendingAssessment, .completed, to: .ready),
        .answer: from(.escalated, to: .ready),
        .retry: from(.failed, to: .ready),
        .escalate: from(.claimed, .inProgress, .failed, to: .escalated),
        .fail: from(.claimed, .inProgress, .outputPendingAssessment, .escalated, to: .failed),
        .cancel: from(
            .pending,
            .awaitingApproval,
            .ready,
            .claimed,
            .inProgress,
            .outputPendingAssessment,
            .escalated,
            .failed,
            to: .cancelled
        ),
    ])

    /// live → completed, failed, parked, lost, cancelled.
    package static let attempt = Machine<AttemptState, AttemptEvent>([
        .complete: from(.live, to: .completed),
        .fail: from(.live, to: .failed),
        .park: from(.live, to: .parked),
        .lose: from(.live, to: .lost),
        .cancel: from(.live, to: .cancelled),
    ])

    /// pending → active → awaiting_gate, completed, blocked · awaiting_gate → completed, active, blocked ·
    /// blocked → active · completed → active · active, awaiting_gate, blocked, completed → pending.
    package static let stage = Machine<StageState, StageEvent>([
        .enter: from(.pending, to: .active),
        .askGate: from(.active, to: .awaitingGate),
        .complete: from(.active, .awaitingGate, to: .completed),
        .block: from(.active, .awaitingGate, to: .blocked),
        .reopen: from(.awaitingGate, .blocked, .completed, to: .active),
        .reset: from(.active, .awaitingGate, .blocked, .completed, to: .pending),
    ])

    /// open → blocked, escalated, completed · blocked, escalated, completed → open ·
    /// open, blocked, escalated → cancelled.
    package static let workItem = Machine<WorkItemState, WorkItemEvent>([
        .block: from(.open, to: .blocked),
        .escalate: from(.open, to: .escalated),
        .complete: from(.open, to: .completed),
        .reopen: from(.blocked, .escalated, .completed, to: .open),
        .cancel: from(.open, .blocked, .escalated, to: .cancelled),
    ])

    /// awaiting → approved, rejected, changes_requested, blocked, expired, superseded.
    package static let gate = Machine<GateState, GateEvent>([
        .approve: from(.awaiting, to: .approved),
        .reject: from(.awaiting, to: .rejected),
        .requestChanges: from(.awaiting, to: .changesRequested),
        .block: from(.awaiting, to: .blocked),
        .expire: from(.awaiting, to: .expired),
        .supersede: from(.awaiting, to: .superseded),
    ])

    /// open → answered, cancelled.
    package static let escalation = Machine<EscalationState, EscalationEvent>([
        .answer: from(.open, to: .answered),
        .cancel: from(.open, to: .cancelled),
    ])

    /// pending → active, paused, cancelled · active → paused, completed, failed, cancelled ·
    /// paused → active, failed, cancelled.
    package static let workflow = Machine<WorkflowPhase, WorkflowEvent>([
        .start: from(.pending, to: .active),
        .pause: from(.pending, .active, to: .paused),
        .resume: from(.paused, to: .active),
        .complete: from(.active, to: .completed),
        .fail: from(.active, .paused, to: .failed),
        .cancel: from(.pending, .active, .paused, to: .cancelled),
    ])
}
