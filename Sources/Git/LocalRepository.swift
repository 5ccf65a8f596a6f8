internal import CGit2
package import Domain
internal import Glibc

/// A repository of this machine that a person stands in: it is found from any folder below its top, and
/// its revisions are named as git names them.
///
/// Reads block the caller, which suits a command that does one thing and ends. Nothing is kept open.
package struct LocalRepository: Sendable {
    /// The folder with the objects and refs.
    package let folder: String
    /// The top of the work tree, without a slash at its end; nil for a bare repository.
    package let top: String?

    /// The repository that a folder belongs to; nil when it belongs to none.
    ///
    /// - Throws: `Failure` when there is one that cannot be read.
    package init?(containing path: String) throws(Failure) {
        guard let found = try RepositoryHandle(searchingFrom: path) else { return nil }
        folder = unsafe trimmed(text(git_repository_path(found.raw)) ?? path)
        top = unsafe text(git_repository_workdir(found.raw)).map(trimmed)
    }

    /// The commit of a revision as `git rev-parse` reads it: a branch, a tag, an abbreviated id, `HEAD~2`.
    ///
    /// - Throws: `Failure.notFound` with reason `revision_missing`; `.invalid` when it is ambiguous or leads
    ///   to no commit.
    package func commit(of revision: String) throws(Failure) -> CommitID {
        let repository = try RepositoryHandle(reading: folder)
        var pointer: OpaquePointer?
        let code = unsafe git_revparse_single(&pointer, repository.raw, revision)
        guard code != GIT_ENOTFOUND.rawValue else {
            throw Failure(
                .notFound,
                "\(top ?? folder) has no revision '\(revision)'",
                reason: "revision_missing"
            )
        }
        guard code >= 0 else {
            let failure = libraryFailure(code, "git_revparse_single")
            throw Failure(
                .invalid,
                "'\(revision)' is no revision of \(top ?? folder) (\(failure.message))",
                outside: failure.outside
            )
        }
        let object = unsafe ObjectHandle(owning: try handedOut(pointer, by: "git_revparse_single"))
        return CommitID(try ObjectHandle(peeling: object, to: GIT_OBJECT_COMMIT).id.text)
    }

    /// The newest commit that two have in common.
    ///
    /// - Throws: `Failure.notFound` when their histories have nothing in common.
    package func mergeBase(_ left: CommitID, _ right: CommitID) throws(Failure) -> CommitID {
        let repository = try RepositoryHandle(reading: folder)
        var (a, b) = (try git_oid(text: left.text), try git_oid(text: right.text))
        var base = git_oid()
        let code = unsafe git_merge_base(&base, repository.raw, &a, &b)
        guard code != GIT_ENOTFOUND.rawValue else {
            throw Failure(.notFound, "\(left.short) and \(right.short) have no commit in common")
        }
        try check(code, "git_merge_base")
        return CommitID(base.text)
    }

    /// Whether the repository holds a commit.
    package func has(_ commit: CommitID) throws(Failure) -> Bool {
        try RepositoryHandle(reading: folder).has(commit)
    }

    /// A commit with the files below the folder `path`, `""` or `.` for all.
    ///
    /// - Throws: as `Mirror.snapshot`.
    package func tree(of commit: CommitID, below path: String) throws(Failure) -> SourceTree {
        try RepositoryHandle(reading: folder).snapshot(of: commit, below: path)
    }

    /// The bytes of a blob.
    ///
    /// - Throws: as `Mirror.blob`.
    package func bytes(of blob: BlobID, limit: Int) throws(Failure) -> [UInt8] {
        try RepositoryHandle(reading: folder).bytes(of: blob, limit: limit)
    }

    /// Those of some paths below the top of the work tree that git ignores.
    package func ignored(among paths: [String]) throws(Failure) -> Set<String> {
        let repository = try RepositoryHandle(reading: folder)
        var result: Set<String> = []
        for path in paths {
            var isIgnored: Int32 = 0
            try check(
                unsafe git_ignore_path_is_ignored(&isIgnored, repository.raw, path),
                "git_ignore_path_is_ignored"
            )
            if isIgnored == 1 { result.insert(path) }
        }
        return result
    }
}

extension RepositoryHandle {
    /// Opens the repository that a folder belongs to, looking upwards; nil when there is none.
    fileprivate init?(searchingFrom path: String) throws(Failure) {
        try initialise()
        var pointer: OpaquePointer?
        let code = unsafe git_repository_open_ext(&pointer, path, 0, nil)
        guard code != GIT_ENOTFOUND.rawValue else { return nil }
        try check(code, "git_repository_open_ext")
        self = unsafe RepositoryHandle(owning: try handedOut(pointer, by: "git_repository_open_ext"))
    }
}

private func trimmed(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
}
