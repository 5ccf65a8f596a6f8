internal import CGit2
internal import Domain
internal import Glibc

extension RepositoryHandle {
    /// Opens the repository at a path that a person named.
    ///
    /// - Throws: `Failure` that says what is there instead and what to do.
    init(reading path: String) throws(Failure) {
        do {
            self = try RepositoryHandle(opening: path)
        } catch {
            throw explained(error, path: path)
        }
    }

    /// The commit a reference leads to.
    ///
    /// - Throws: `Failure.notFound` with a reason for each of: empty, no such ref, no such commit;
    ///   `.corrupted`.
    func commit(of reference: GitReference, place: String) throws(Failure) -> CommitID {
        let start: git_oid
        if let name = try reference.fullName() {
            guard let target = try target(ofReference: name) else {
                throw reference.missing(in: place, among: try referenceNames())
            }
            start = target
        } else {
            guard case .commit(let id) = reference, try has(id) else {
                throw reference.missing(in: place, among: [])
            }
            start = try git_oid(text: id.text)
        }
        do {
            let object = try ObjectHandle(self, start, type: GIT_OBJECT_ANY)
            return CommitID(try ObjectHandle(peeling: object, to: GIT_OBJECT_COMMIT).id.text)
        } catch  where error.code == .invalid {
            throw Failure(.invalid, "\(reference) of \(place) must lead to a commit", outside: error.outside)
        } catch {
            throw Failure(
                error.code,
                "\(reference) of \(place) cannot be read: run 'git fsck' there (\(error.message))",
                outside: error.outside
            )
        }
    }

    /// Whether the object database holds this commit.
    func has(_ commit: CommitID) throws(Failure) -> Bool {
        try DatabaseHandle(of: self).header(of: git_oid(text: commit.text))?.type == GIT_OBJECT_COMMIT
    }

    /// Whether a commit is another one or has it among those before it; false when the other one is gone.
    func descends(_ commit: CommitID, from ancestor: CommitID) throws(Failure) -> Bool {
        guard commit != ancestor else { return true }
        guard try has(ancestor) else { return false }
        var (commit, ancestor) = (try git_oid(text: commit.text), try git_oid(text: ancestor.text))
        let answer = unsafe git_graph_descendant_of(raw, &commit, &ancestor)
        try check(answer, "git_graph_descendant_of")
        return answer == 1
    }

    /// The bytes of a blob.
    ///
    /// - Throws: `Failure.notFound` when there is no such blob, `.invalid` when it is larger than `limit`.
    func bytes(of blob: BlobID, limit: Int) throws(Failure) -> [UInt8] {
        let id = try git_oid(text: blob.text)
        guard let header = try DatabaseHandle(of: self).header(of: id), header.type == GIT_OBJECT_BLOB else {
            throw Failure(.notFound, "There is no blob \(blob)", reason: "blob_missing")
        }
        guard header.size <= limit else {
            throw Failure(
                .invalid,
                "Blob \(blob) has \(header.size) bytes; at most \(limit) are allowed",
                reason: "blob_too_large"
            )
        }
        let object = try ObjectHandle(self, id, type: GIT_OBJECT_BLOB)
        let content = unsafe UnsafeRawBufferPointer(
            start: git_blob_rawcontent(object.raw),
            count: Int(git_blob_rawsize(object.raw))
        )
        return unsafe Array(content)
    }
}

private func explained(_ failure: Failure, path: String) -> Failure {
    guard unsafe access(path, R_OK) == 0 || errno == ENOTDIR else {
        if errno == EACCES {
            return Failure(
                .forbidden,
                "\(path) cannot be read by this user: give it read rights",
                outside: "access EACCES"
            )
        }
        return Failure(
            .notFound,
            "There is nothing at \(path): make the repository or correct the URL",
            outside: "access errno \(errno)",
            reason: "repository_missing"
        )
    }
    switch failure.code {
    case .notFound, .corrupted:
        return Failure(
            .invalid,
            "\(path) is no git repository: run 'git init' there or name the folder that holds .git",
            outside: failure.outside,
            reason: "not_a_repository"
        )
    case .unsupported:
        return Failure(
            .unsupported,
            "\(path) uses a format of git that is not supported (\(failure.message))",
            outside: failure.outside
        )
    default:
        return Failure(
            failure.code,
            "\(path) cannot be opened (\(failure.message))",
            outside: failure.outside
        )
    }
}
