internal import CGit2
package import Domain
internal import Glibc

/// What to watch so that a change of a local repository's ref is noticed at once.
package enum LocalRefWatch {
    /// The folders to watch for changed, made, renamed and deleted entries.
    ///
    /// Folders, because git replaces files by renaming: that of `packed-refs` and those from `refs/heads`
    /// (or tags) down to the ref. For a work tree they lie in its `.git`, for a linked work tree in the
    /// main repository's. Ask again after every wake-up, since git makes and removes the folders of a name
    /// like `feature/x`.
    ///
    /// *Shape*: existing folders, sorted, unique; empty for a remote URL and for a commit, which never moves.
    /// - Throws: `Failure` of a path that is no repository.
    package static func paths(url: RemoteURL, ref: GitReference) throws -> [String] {
        guard let local = url.localPath, let name = try ref.fullName() else { return [] }
        let common = try RepositoryHandle(reading: local).commonFolder
        var folder = common
        var result: Set = [common]
        for part in name.split(separator: "/").dropLast() {
            folder += "/\(part)"
            if unsafe access(folder, R_OK | X_OK) == 0 { result.insert(folder) }
        }
        return result.sorted()
    }
}
