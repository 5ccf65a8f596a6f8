internal import CGit2
package import Domain

/// What of a repository is wanted: exactly one branch, tag or commit.
package enum GitReference: Sendable, Hashable, CustomStringConvertible {
    /// The tip of a branch, without `refs/heads/`.
    case branch(String)
    /// What a tag leads to, without `refs/tags/`.
    case tag(String)
    /// A commit that never moves.
    case commit(CommitID)

    /// The reference a GitSource declares.
    ///
    /// - Throws: `Failure.invalid` unless exactly one of the three is given and well-formed.
    package init(_ spec: GitSourceSpec.Reference) throws {
        switch (spec.branch, spec.tag, spec.commit) {
        case (let branch?, nil, nil): self = .branch(branch)
        case (nil, let tag?, nil): self = .tag(tag)
        case (nil, nil, let commit?): self = .commit(CommitID(commit.lowercased()))
        default: throw Failure(.invalid, "'ref' must name one of branch, tag or commit")
        }
        _ = try fullName()
    }

    package var description: String {
        switch self {
        case .branch(let name): "branch '\(name)'"
        case .tag(let name): "tag '\(name)'"
        case .commit(let id): "commit \(id)"
        }
    }

    /// The full ref name; nil for a commit.
    ///
    /// - Throws: `Failure.invalid` for a name that git would refuse.
    func fullName() throws(Failure) -> String? {
        let name: String
        switch self {
        case .branch(let branch): name = "refs/heads/\(branch)"
        case .tag(let tag): name = "refs/tags/\(tag)"
        case .commit(let id):
            _ = try git_oid(text: id.text)
            return nil
        }
        try initialise()
        var isValid: Int32 = 0
        try check(unsafe git_reference_name_is_valid(&isValid, name), "git_reference_name_is_valid")
        // The library takes a name with DEL, which git itself refuses.
        guard isValid == 1, !name.utf8.contains(0), !name.utf8.contains(0x7F) else {
            throw Failure(.invalid, "\(self) is no name that git allows")
        }
        return name
    }

    /// The failure of a repository that has not what is wanted; `names` are the full ref names it has.
    func missing(in place: String, among names: some Collection<String>) -> Failure {
        if case .commit = self {
            return Failure(.notFound, "\(place) has no \(self)", reason: "commit_missing")
        }
        guard names.contains(where: { $0.hasPrefix("refs/") }) else {
            return Failure(
                .notFound,
                "\(place) is empty: commit something to \(self) first",
                reason: "repository_empty"
            )
        }
        let (prefix, wanted) =
            switch self {
            case .branch(let name): ("refs/heads/", name)
            case .tag(let name): ("refs/tags/", name)
            case .commit(let id): ("refs/", id.text)
            }
        // Few and short, because the comparison is quadratic and a remote chooses the names.
        let similar = names.lazy.filter {
            $0.hasPrefix(prefix) && !$0.hasSuffix("^{}") && $0.utf8.count < 100
                && $0.utf8.allSatisfy { $0 > 0x20 }
        }
        .prefix(200).map { String($0.dropFirst(prefix.count)) }.sorted()
        let hint =
            nearestName(to: wanted, among: similar).map { "did you mean '\($0)'?" }
            ?? (similar.isEmpty
                ? "it has none" : "it has \(similar.prefix(5).map { "'\($0)'" }.joined(separator: ", "))")
        return Failure(.notFound, "\(place) has no \(self); \(hint)", reason: "reference_missing")
    }
}
