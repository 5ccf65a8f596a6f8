internal import CGit2
internal import Domain

extension RepositoryHandle {
    /// A commit with its signature and what was signed.
    ///
    /// - Throws: `Failure.notFound` for a missing commit, `.corrupted` for a damaged one.
    func seal(of id: CommitID) throws(Failure) -> CommitSeal {
        let commit = try self.commit(id)
        // libgit2 looks for the field in the message, too, which anybody may write.
        let header = unsafe text(git_commit_raw_header(commit.raw)) ?? ""
        guard header.contains("\ngpgsig ") else { return seal(id, commit, signature: nil, payload: []) }
        var oid = try git_oid(text: id.text)
        var signature = unsafe git_buf()
        var payload = unsafe git_buf()
        defer {
            unsafe git_buf_dispose(&signature)
            unsafe git_buf_dispose(&payload)
        }
        try check(
            unsafe git_commit_extract_signature(&signature, &payload, raw, &oid, nil),
            "git_commit_extract_signature"
        )
        return unsafe seal(id, commit, signature: content(signature), payload: content(payload))
    }

    /// The commits that a tip brings beside a base and all before it; without a base, the tip alone.
    ///
    /// The tip is always among them. A base that is not here leaves nothing out.
    ///
    /// - Throws: `Failure.invalid` with reason `too_many_commits` for more than `limit`; as `seal(of:)`.
    func newCommits(of tip: CommitID, since base: CommitID?, limit: Int) throws(Failure) -> NewCommits {
        _ = try commit(tip)
        guard let base else { return NewCommits(commits: [tip], knowsBase: true) }
        let walk = try RevisionWalk(of: self)
        try walk.start(at: tip)
        let knowsBase = try has(base)
        if knowsBase { try walk.leaveOut(base) }
        var found: [CommitID] = []
        while let commit = try walk.next() {
            found.append(commit)
            guard found.count <= limit else {
                throw Failure(
                    .invalid,
                    "\(tip.short) brings more than \(limit) commits, too many to look at one by one: "
                        + "set spec.verify.mode to tip until it is applied",
                    reason: "too_many_commits"
                )
            }
        }
        return NewCommits(commits: found.isEmpty ? [tip] : found.reversed(), knowsBase: knowsBase)
    }

    private func seal(
        _ id: CommitID,
        _ commit: borrowing ObjectHandle,
        signature: [UInt8]?,
        payload: [UInt8]
    ) -> CommitSeal {
        CommitSeal(
            commit: id,
            author: author(of: commit),
            time: time(of: commit),
            signature: signature,
            payload: payload
        )
    }
}

private func content(_ buffer: git_buf) -> [UInt8] {
    unsafe Array(UnsafeRawBufferPointer(start: buffer.ptr, count: buffer.size))
}
