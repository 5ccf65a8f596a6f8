/// Deletions that the brake refused: what a person may let through.
package struct RefusedPrune: Sendable, Hashable, Codable {
    package var commit: CommitID
    /// How many objects the commit would delete.
    package var count: Int
    /// Of the commit and of what it would delete, so that nothing else is let through by accident.
    package var digest: Digest

    /// A refusal of its parts.
    package init(commit: CommitID, count: Int, digest: Digest) {
        self.commit = commit
        self.count = count
        self.digest = digest
    }
}

/// A person's leave for the deletions of one commit.
package struct ApprovedPrune: Sendable, Hashable, Codable {
    package var commit: CommitID
    /// Whoever decided, such as `unix:1000`.
    package var by: String
    /// The name of the Decision.
    package var decision: String
    package var at: Timestamp

    /// A leave of its parts.
    package init(commit: CommitID, by: String, decision: String, at: Timestamp) {
        self.commit = commit
        self.by = by
        self.decision = decision
        self.at = at
    }
}

extension GitSourceStatus {
    /// The member with what the brake refused; absent when it refused nothing.
    package static let refusedPruneMember = "refusedPrune"
    /// The member with the last leave that a person gave.
    package static let approvedPruneMember = "approvedPrune"

    /// What the brake refused of the commit in force; nil when that is nothing.
    package static func refusedPrune(_ status: Value?) -> RefusedPrune? {
        // What another version of this program wrote stands for nothing; the next look writes it anew.
        try? status?[refusedPruneMember]?.decode()
    }

    /// The last leave that a person gave.
    package static func approvedPrune(_ status: Value?) -> ApprovedPrune? {
        // What cannot be read lets nothing through.
        try? status?[approvedPruneMember]?.decode()
    }
}
