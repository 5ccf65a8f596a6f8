internal import CGit2
internal import Domain

extension RepositoryHandle {
    /// A commit and the files below `path`, `""` or `.` for all, read without a checkout.
    ///
    /// - Throws: `Failure.notFound` for a missing commit or folder, `.invalid` for a path that is no
    ///   folder, too many files or a name that no file can have, `.corrupted` for missing objects.
    func snapshot(of id: CommitID, below path: String) throws(Failure) -> SourceTree {
        let commit = try self.commit(id)
        let folder = try normalised(path)
        let tree = try self.tree(of: commit, id, folder)
        var walk = TreeWalk(commit: id)
        try walk.visit(tree, of: self, DatabaseHandle(of: self), prefix: prefix(folder), depth: 0)
        return sourceTree(id, commit, files: try walk.sortedFiles())
    }

    /// What a commit has otherwise than one before it, in the files below `path`.
    ///
    /// What is alike is not even listed. nil when the repository does not hold the other commit, or it has
    /// no such folder.
    ///
    /// - Throws: as `snapshot`.
    func changes(of id: CommitID, since base: CommitID, below path: String) throws(Failure) -> TreeChanges? {
        let commit = try self.commit(id)
        let folder = try normalised(path)
        guard try has(base) else { return nil }
        let old = try self.commit(base)
        guard try isFolder(folder, of: old) else { return nil }
        var comparison = TreeComparison(commit: id)
        try comparison.compare(
            self.tree(of: commit, id, folder),
            with: self.tree(of: old, base, folder),
            of: self,
            DatabaseHandle(of: self),
            prefix: prefix(folder),
            depth: 0
        )
        return comparison.changes(sourceTree(id, commit, files: try comparison.walk.sortedFiles()))
    }

    private func isFolder(_ path: String, of commit: borrowing ObjectHandle) throws(Failure) -> Bool {
        guard !path.isEmpty else { return true }
        let found = try ObjectHandle(in: commit, path: path, type: GIT_OBJECT_ANY)
        return found?.type == GIT_OBJECT_TREE
    }

    /// - Throws: `Failure.notFound` with reason `commit_missing`.
    func commit(_ id: CommitID) throws(Failure) -> ObjectHandle {
        guard try has(id) else {
            throw Failure(.notFound, "There is no commit \(id.short): fetch again", reason: "commit_missing")
        }
        return try ObjectHandle(self, git_oid(text: id.text), type: GIT_OBJECT_COMMIT)
    }

    /// The tree of a folder of a commit, empty for the top.
    private func tree(
        of commit: borrowing ObjectHandle,
        _ id: CommitID,
        _ folder: String
    ) throws(Failure) -> ObjectHandle {
        guard !folder.isEmpty else { return try ObjectHandle(peeling: commit, to: GIT_OBJECT_TREE) }
        guard let tree = try ObjectHandle(in: commit, path: folder, type: GIT_OBJECT_ANY) else {
            throw Failure(.notFound, "Commit \(id.short) has no folder '\(folder)'", reason: "path_missing")
        }
        guard tree.type == GIT_OBJECT_TREE else {
            throw Failure(.invalid, "'\(folder)' is a file in commit \(id.short); 'path' must be a folder")
        }
        return tree
    }

    private func prefix(_ folder: String) -> String { folder.isEmpty ? "" : folder + "/" }

    private func sourceTree(
        _ id: CommitID,
        _ commit: borrowing ObjectHandle,
        files: [TreeEntry]
    ) -> SourceTree {
        SourceTree(
            commit: id,
            author: author(of: commit),
            message: message(of: commit),
            time: time(of: commit),
            files: files
        )
    }

    func author(of commit: borrowing ObjectHandle) -> SourceTree.Author {
        let author = unsafe git_commit_author(commit.raw)
        return SourceTree.Author(
            name: unsafe text(author?.pointee.name) ?? "",
            email: unsafe text(author?.pointee.email) ?? ""
        )
    }

    private func message(of commit: borrowing ObjectHandle) -> String {
        let whole = unsafe text(git_commit_message(commit.raw)) ?? ""
        return whole.utf8.count <= 16_384 ? whole : String(decoding: whole.utf8.prefix(16_384), as: UTF8.self)
    }

    /// Clamped, because a commit may claim any number and later arithmetic must not overflow.
    func time(of commit: borrowing ObjectHandle) -> Timestamp {
        let seconds = unsafe git_commit_time(commit.raw)
        return Timestamp(microseconds: min(max(seconds, 0), 253_402_300_799) * 1_000_000)
    }
}

/// A folder inside a repository as libgit2 wants it: no slash at either end, empty for the top.
private func normalised(_ path: String) throws(Failure) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    guard !parts.contains(".."), !path.utf8.contains(0) else {
        throw Failure(.invalid, "'\(path)' must be a folder inside the repository, without '..'")
    }
    return parts.joined(separator: "/")
}
