/// How an attempt ended, as its runtime reports it.
package struct AttemptReport: Sendable, Hashable, Codable {
    package enum Outcome: String, Sendable, Hashable, Codable { case completed, failed, parked }

    package var outcome: Outcome
    package var handoff: Handoff?
    /// Category of a failure: timeout, network, resource, infrastructure, model, contract, capture,
    /// cancelled.
    package var category: String?
    package var message: String?
    package var usage: Usage
    /// The commit that was pushed to the run's branch, when there was anything to push.
    package var commit: CommitID?

    /// A report of its parts.
    package init(
        outcome: Outcome,
        handoff: Handoff?,
        category: String?,
        message: String?,
        usage: Usage,
        commit: CommitID?
    ) {
        self.outcome = outcome
        self.handoff = handoff
        self.category = category
        self.message = message
        self.usage = usage
        self.commit = commit
    }
}
