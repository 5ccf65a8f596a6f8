internal import CGit2
internal import Domain

/// The object database of a repository.
@safe struct DatabaseHandle: ~Copyable {
    private let raw: OpaquePointer

    init(of repository: borrowing RepositoryHandle) throws(Failure) {
        var pointer: OpaquePointer?
        try check(unsafe git_repository_odb(&pointer, repository.raw), "git_repository_odb")
        unsafe raw = try unsafe handedOut(pointer, by: "git_repository_odb")
    }

    deinit { unsafe git_odb_free(raw) }

    /// Size in bytes and type of an object without reading it, nil when it is missing.
    func header(of id: git_oid) throws(Failure) -> (size: Int, type: git_object_t)? {
        var id = id
        var size = 0
        var type = GIT_OBJECT_INVALID
        let code = unsafe git_odb_read_header(&size, &type, raw, &id)
        if code == GIT_ENOTFOUND.rawValue { return nil }
        try check(code, "git_odb_read_header")
        return (size, type)
    }
}
