internal import CGit2
internal import Domain

/// One `git_revwalk`: commits with those before them, each once.
@safe struct RevisionWalk: ~Copyable {
    private let raw: OpaquePointer

    /// A walk that begins nowhere yet.
    init(of repository: borrowing RepositoryHandle) throws(Failure) {
        var pointer: OpaquePointer?
        try check(unsafe git_revwalk_new(&pointer, repository.raw), "git_revwalk_new")
        unsafe raw = try unsafe handedOut(pointer, by: "git_revwalk_new")
    }

    deinit { unsafe git_revwalk_free(raw) }

    /// Has a commit and all before it walked over, each before any of its parents.
    func start(at commit: CommitID) throws(Failure) {
        try check(unsafe git_revwalk_sorting(raw, GIT_SORT_TOPOLOGICAL.rawValue), "git_revwalk_sorting")
        var id = try git_oid(text: commit.text)
        try check(unsafe git_revwalk_push(raw, &id), "git_revwalk_push")
    }

    /// Leaves out a commit and all before it.
    func leaveOut(_ commit: CommitID) throws(Failure) {
        var id = try git_oid(text: commit.text)
        try check(unsafe git_revwalk_hide(raw, &id), "git_revwalk_hide")
    }

    /// The next commit; nil at the end.
    func next() throws(Failure) -> CommitID? {
        var id = git_oid()
        let code = unsafe git_revwalk_next(&id, raw)
        if code == GIT_ITEROVER.rawValue { return nil }
        try check(code, "git_revwalk_next")
        return CommitID(id.text)
    }
}
