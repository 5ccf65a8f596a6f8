internal import CGit2
internal import Domain

/// One `git_object`: a commit, tree, blob or tag, which libgit2 lets one function free.
@safe struct ObjectHandle: ~Copyable {
    let raw: OpaquePointer

    /// Reads an object; `type` other than ANY must match.
    ///
    /// - Throws: `Failure.corrupted` when it is missing or damaged.
    init(_ repository: borrowing RepositoryHandle, _ id: git_oid, type: git_object_t) throws(Failure) {
        var id = id
        var pointer: OpaquePointer?
        do {
            try check(unsafe git_object_lookup(&pointer, repository.raw, &id, type), "git_object_lookup")
        } catch  where error.code == .invalid {
            // What libgit2 calls invalid here is the object's own text.
            throw Failure(
                .corrupted,
                "Object \(id.text) is malformed (\(error.message))",
                outside: error.outside
            )
        }
        unsafe raw = try unsafe handedOut(pointer, by: "git_object_lookup")
    }

    /// The object that tags lead to, or the tree of a commit.
    ///
    /// - Throws: `Failure.invalid` when it is of another type.
    init(peeling object: borrowing ObjectHandle, to type: git_object_t) throws(Failure) {
        var pointer: OpaquePointer?
        try check(unsafe git_object_peel(&pointer, object.raw, type), "git_object_peel")
        unsafe raw = try unsafe handedOut(pointer, by: "git_object_peel")
    }

    /// The tree or blob at a path below a commit, nil when there is none.
    init?(in commit: borrowing ObjectHandle, path: String, type: git_object_t) throws(Failure) {
        var pointer: OpaquePointer?
        let code = unsafe git_object_lookup_bypath(&pointer, commit.raw, path, type)
        if code == GIT_ENOTFOUND.rawValue { return nil }
        try check(code, "git_object_lookup_bypath")
        unsafe raw = try unsafe handedOut(pointer, by: "git_object_lookup_bypath")
    }

    /// Takes over an object that libgit2 handed out.
    init(owning pointer: OpaquePointer) { unsafe raw = pointer }

    deinit { unsafe git_object_free(raw) }

    var id: git_oid {
        get throws(Failure) {
            guard let id = unsafe git_object_id(raw) else {
                throw Failure(.internal, "git: an object without id")
            }
            return unsafe id.pointee
        }
    }

    var type: git_object_t { unsafe git_object_type(raw) }
}
