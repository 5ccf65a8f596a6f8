internal import Domain

// The brake on deletions, as a source shows it and as a person releases it.
extension SourceController {
    /// What the brake refused and a person may let through.
    func refusedPrune(_ plan: Plan, _ commit: CommitID) -> RefusedPrune? {
        guard !plan.refused.isEmpty else { return nil }
        let judged = ([commit.text] + plan.refused.map(\.description)).joined(separator: "\n")
        return RefusedPrune(
            commit: commit,
            count: plan.refused.count,
            digest: objects.digest(Array(judged.utf8))
        )
    }

    /// Whether a person let a commit delete what the brake refused, and nobody has acted on it yet.
    func isPruneApproved(_ stored: Stored, _ commit: CommitID) -> Bool {
        let status = stored.object.status
        return GitSourceStatus.refusedPrune(status)?.commit == commit
            && GitSourceStatus.approvedPrune(status)?.commit == commit
    }
}
