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
        if let limit = limits.parallelWorkItems, draft.begunItems(besides: task).count >= limit {
            return "\(limit) work items of stage '\(task.stage)' are being worked on"
        }
        return nil
    },
    ClaimGuard(reason: .branchTaken) { task, draft in
        guard draft.run.workflow.branch != nil, task.purpose == .delivery else { return nil }
        let other = draft.run.tasks.first { $0.purpose == .delivery && $0.state.isHeld }
        return other.map { "task/\($0.name) works on the branch of the run" }
    },
    ClaimGuard(reason: .budgetExceeded) { _, draft in
        draft.isOverBudget && !mayExceedBudget(draft.run, draft.pins)
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

extension Draft {
    /// The other open items of a task's stage that somebody has begun to work on.
    fileprivate func begunItems(besides task: TaskRecord) -> Set<UID> {
        let open = run.items.filter { $0.stage == task.stage && $0.state == .open }.map(\.uid)
        let begun = run.tasks.filter { $0.state != .pending && $0.state != .ready }.map(\.workItemUID)
        return Set(open).intersection(begun).subtracting([task.workItemUID])
    }
}
