import Domain

/// One rule that a claim must pass, as a value with its reason.
struct ClaimGuard: Sendable {
    let reason: ReasonCode
    /// What blocks the claim of a task, or nil when the guard lets it pass.
    let blocker: @Sendable (TaskRecord, Draft) -> String?
}

/// The guards every claim passes, whichever orchestrator proposed the task; the first blocker is the refusal.
let claimGuards: [ClaimGuard] = [
    ClaimGuard(reason: .runIsTerminal) { _, draft in
        draft.run.workflow.phase.isTerminal
            ? "the run has ended as \(draft.run.workflow.phase.rawValue)" : nil
    },
    ClaimGuard(reason: .runNotActive) { _, draft in
        draft.run.workflow.phase == .active ? nil : "the run is \(draft.run.workflow.phase.rawValue)"
    },
    ClaimGuard(reason: .taskNotReady) { task, draft in
        guard task.state == .ready else { return "task/\(task.name) is \(task.state.rawValue)" }
        guard let due = task.notBefore, due > draft.now else { return nil }
        return "task/\(task.name) is tried again at \(due)"
    },
    ClaimGuard(reason: .capacityReached) { task, draft in
        let limits = draft.pins.playbook.limits
        let held = draft.run.tasks.filter(\.state.isHeld)
        if let limit = limits.activeTasks, held.count >= limit {
            return "\(limit) tasks of the run are active"
        }
        let siblings = held.filter { $0.workItemUID == task.workItemUID }
        if let limit = limits.activeTasksPerWorkItem, siblings.count >= limit {
            return "\(limit) tasks of workitem/\(task.workItem) are active"
        }
        return nil
    },
    ClaimGuard(reason: .budgetExceeded) { _, draft in
        draft.isOverBudget && !draft.mayExceedBudget
            ? "the run has spent \(draft.run.workflow.spend.cost) USD" : nil
    },
]

extension Draft {
    /// *Throws* the refusal of the first guard that blocks the claim.
    func checkClaim(of task: TaskRecord) throws {
        for rule in claimGuards {
            if let blocker = rule.blocker(task, self) { throw Refusal(rule.reason, blocker) }
        }
    }
}
