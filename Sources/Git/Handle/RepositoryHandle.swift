internal import CGit2
internal import Domain

/// One open `git_repository`.
@safe struct RepositoryHandle: ~Copyable {
    let raw: OpaquePointer

    /// Opens a bare repository, a work tree or a linked work tree at exactly this path.
    ///
    /// - Throws: what libgit2 says; `RepositoryHandle(reading:)` says it for people.
    init(opening path: String) throws(Failure) {
        try initialise()
        var pointer: OpaquePointer?
        let flags = GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue
        try check(unsafe git_repository_open_ext(&pointer, path, flags, nil), "git_repository_open_ext")
        unsafe raw = try unsafe handedOut(pointer, by: "git_repository_open_ext")
    }

    /// Makes a bare repository, and the folders above it, or completes one whose making was interrupted.
    init(makingBareAt path: String) throws(Failure) {
        try initialise()
        var pointer: OpaquePointer?
        try check(unsafe git_repository_init(&pointer, path, 1), "git_repository_init")
        unsafe raw = try unsafe handedOut(pointer, by: "git_repository_init")
    }

    /// Takes over a repository that libgit2 handed out.
    init(owning pointer: OpaquePointer) { unsafe raw = pointer }

    deinit { unsafe git_repository_free(raw) }

    /// The folder that holds refs and packed-refs, without a slash at its end; for a linked work tree it is
    /// that of the main repository.
    var commonFolder: String {
        let path = unsafe text(git_repository_commondir(raw)) ?? ""
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// The object a full ref name leads to, nil when there is no such ref.
    func target(ofReference name: String) throws(Failure) -> git_oid? {
        var id = git_oid()
        let code = unsafe git_reference_name_to_id(&id, raw, name)
        if code == GIT_ENOTFOUND.rawValue { return nil }
        try check(code, "git_reference_name_to_id")
        return id
    }

    /// Points a ref at an object, whatever it pointed at before.
    func setReference(_ name: String, to target: git_oid) throws(Failure) {
        var target = target
        var pointer: OpaquePointer?
        try check(unsafe git_reference_create(&pointer, raw, name, &target, 1, nil), "git_reference_create")
        unsafe git_reference_free(pointer)
    }

    /// All full ref names, in no order.
    func referenceNames() throws(Failure) -> [String] {
        var list = unsafe git_strarray()
        try check(unsafe git_reference_list(&list, raw), "git_reference_list")
        defer { unsafe git_strarray_dispose(&list) }
        return unsafe (0..<list.count).compactMap { unsafe text(list.strings[$0]) }
    }
}
