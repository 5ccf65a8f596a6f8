package import Domain

/// What tells who vouches for a commit.
package struct CommitSeal: Sendable, Hashable {
    package let commit: CommitID
    package let author: SourceTree.Author
    /// When it was committed, as the committer says.
    package let time: Timestamp
    /// The signature as it stands in the commit; nil when there is none.
    package let signature: [UInt8]?
    /// The bytes that were signed, which are the commit without its signature; empty when there is none.
    package let payload: [UInt8]
}

/// Commits that one commit brings, beside those that were there.
package struct NewCommits: Sendable, Hashable {
    /// Oldest first.
    package let commits: [CommitID]
    /// Whether the commit that was there is here, so that what is before it could be left out.
    package let knowsBase: Bool
}
