internal import Domain

// The brake on deletions, as a source shows it and as a person releases it.
extension SourceController {
    /// The members of a status about what a plan does not delete; null for what is not to be told.
    func guarded(_ plan: Plan, _ commit: CommitID, isWhole: Bool) throws -> [String: Value?] {
        let refused = refusedPrune(plan, commit)
        return [
            // Of what a commit changes nobody can tell what is held beside it.
            Self.heldMember: isWhole ? heldCounts(plan) : nil,
            GitSourceStatus.refusedPruneMember: try refused.map { try Value(encoding: $0) } ?? .null,
        ]
    }

    private func refusedPrune(_ plan: Plan, _ commit: CommitID) -> RefusedPrune? {
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
