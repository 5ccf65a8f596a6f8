/// Where a run stands.
package enum WorkflowPhase: String, Sendable, Hashable, Codable, CaseIterable {
    case pending, active, paused, completed, failed, cancelled

    /// Whether nothing can change it any more.
    package var isTerminal: Bool { [.completed, .failed, .cancelled].contains(self) }
}

/// Where a stage of a run stands.
package enum StageState: String, Sendable, Hashable, Codable, CaseIterable {
    case pending, active, blocked, completed
    case awaitingGate = "awaiting_gate"
}

/// Where a work item stands.
package enum WorkItemState: String, Sendable, Hashable, Codable, CaseIterable {
    case open, blocked, escalated, completed, cancelled
}

/// Where a task stands.
package enum TaskState: String, Sendable, Hashable, Codable, CaseIterable {
    case pending, ready, claimed, escalated, completed, failed, cancelled
    case inProgress = "in_progress"
    case awaitingApproval = "awaiting_approval"
    case outputPendingAssessment = "output_pending_assessment"

    /// Whether a worker holds it now, so that it uses a slot.
    package var isHeld: Bool { self == .claimed || self == .inProgress }
    /// Whether only a command can make it move again.
    package var isSettled: Bool { [.completed, .failed, .cancelled].contains(self) }
}

/// Where one claim of a task stands.
package enum AttemptState: String, Sendable, Hashable, Codable, CaseIterable {
    case live, completed, failed, parked, lost, cancelled
}

/// Where a person's approval stands.
package enum GateState: String, Sendable, Hashable, Codable, CaseIterable {
    case awaiting, approved, rejected, blocked, expired, superseded
    case changesRequested = "changes_requested"
}

/// Where a question to a person or a role stands.
package enum EscalationState: String, Sendable, Hashable, Codable, CaseIterable {
    case open, answered, cancelled
}

/// Where a connected runtime stands.
package enum WorkerState: String, Sendable, Hashable, Codable, CaseIterable {
    case online, busy, draining, degraded, disconnected, offline
}

/// What an assessor decided about a subject.
package enum Resolution: String, Sendable, Hashable, Codable, CaseIterable {
    case approved, rejected, blocked
    case requestChanges = "request_changes"
}

/// What a task is for.
package enum TaskPurpose: String, Sendable, Hashable, Codable { case delivery, assessment }
