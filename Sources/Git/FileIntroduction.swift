package import Domain

/// How a file came into a repository.
package enum FileIntroduction: Sendable, Hashable {
    /// By this commit, as it is now: none of its parents has a file at the path.
    case by(CommitID)
    /// It was there before this commit, with another content.
    case changed(by: CommitID)
    /// No such file, or too long ago to be looked for.
    case unknown
}
