import Domain

extension Draft {
    /// Whether the run has used what its Workflow allows.
    var isOverBudget: Bool {
        guard let budget = pins.workflow.budget else { return false }
        let spend = run.workflow.spend
        if let cost = budget.costUSD, spend.cost >= cost { return true }
        if let tokens = budget.tokens, spend.tokens >= tokens { return true }
        // What attempts took: waiting at gates is in no attempt, and so does not count.
        if let limit = budget.wallClock.flatMap(Duration.init(text:)),
            .milliseconds(spend.wallMilliseconds) >= limit
        {
            return true
        }
        return false
    }

    /// After money was spent: asks, stops or remarks, once, as `budget.onExceeded` says.
    mutating func enforceBudget() throws {
        guard isOverBudget, let budget = pins.workflow.budget, !run.workflow.phase.isTerminal else { return }
        let spent =
            "the run has used its budget: \(run.workflow.spend.cost) USD, "
            + "\(run.workflow.spend.tokens) tokens, "
            + "\(run.workflow.spend.wallMilliseconds / 1000) seconds"
        switch budget.onExceeded {
        case .stop: try endRun(.fail, reason: .budgetExceeded, message: spent)
        case .warn:
            let callout = "budget exceeded, and onExceeded says warn"
            guard !run.workflow.callouts.contains(callout) else { return }
            try updateWorkflow("workflow.callout") { $0.callouts.append(callout) }
        case .ask:
            guard !run.escalations.contains(where: { $0.reason == ReasonCode.budgetExceeded.rawValue }) else {
                return
            }
            try openEscalation(
                stage: run.workflow.currentStage,
                task: nil,
                to: "human",
                reason: .budgetExceeded,
                question: "\(spent); answer to let it go on without a limit, or cancel it"
            )
        }
    }
}

/// Whether the file says to go on, or a person answered the question about the budget.
func mayExceedBudget(_ run: Run, _ pins: Pins) -> Bool {
    pins.workflow.budget?.onExceeded == .warn
        || run.escalations.contains {
            $0.reason == ReasonCode.budgetExceeded.rawValue && $0.state == .answered
        }
}
