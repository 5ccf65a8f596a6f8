internal import CGit2
internal import Domain

extension RepositoryHandle {
    /// The commit that brought a file as it is in another one, on the way back from that.
    ///
    /// At a merge the way goes on along the first parent that has the file. `limit` bounds the commits that
    /// are looked at.
    ///
    /// - Throws: `Failure.notFound` for a missing commit, `.corrupted` for a damaged one.
    func introduction(of path: String, in tip: CommitID, limit: Int) throws(Failure) -> FileIntroduction {
        var current = try commit(tip)
        guard let content = try blob(at: path, of: current) else { return .unknown }
        for _ in 0..<limit {
            var earlier: ObjectHandle?
            for number in 0..<Int(unsafe git_commit_parentcount(current.raw)) {
                let parent = try parent(number, of: current)
                guard let before = try blob(at: path, of: parent) else { continue }
                guard before == content else { return .changed(by: CommitID(try current.id.text)) }
                earlier = consume parent
                break
            }
            guard let next = earlier.take() else { return .by(CommitID(try current.id.text)) }
            current = next
        }
        return .unknown
    }

    private func parent(_ number: Int, of commit: borrowing ObjectHandle) throws(Failure) -> ObjectHandle {
        guard let id = unsafe git_commit_parent_id(commit.raw, UInt32(number)) else {
            throw Failure(.internal, "git: a commit without its parent", outside: "git_commit_parent_id")
        }
        return try ObjectHandle(self, unsafe id.pointee, type: GIT_OBJECT_COMMIT)
    }

    /// The id of the file at a path; nil when there is none, or something else.
    private func blob(at path: String, of commit: borrowing ObjectHandle) throws(Failure) -> String? {
        guard let object = try ObjectHandle(in: commit, path: path, type: GIT_OBJECT_ANY),
            object.type == GIT_OBJECT_BLOB
        else { return nil }
        return try object.id.text
    }
}
