internal import CGit2
internal import Domain

/// One `git_remote`; its calls block on the network without limit, so only the fetch child uses it.
@safe struct RemoteHandle: ~Copyable {
    /// The largest transfer that is accepted, in bytes: a bound on what a remote can put on our disk at once.
    static let transferLimit = 2 << 30

    private let raw: OpaquePointer
    private let conversation: Conversation

    /// A remote of no repository, good for listing its refs.
    init(url: RemoteURL, credential: GitCredential?) throws(Failure) {
        var pointer: OpaquePointer?
        try check(
            unsafe git_remote_create_detached(&pointer, url.secretText),
            "git_remote_create_detached"
        )
        unsafe raw = try unsafe handedOut(pointer, by: "git_remote_create_detached")
        conversation = Conversation(url: url, credential: credential)
    }

    /// A remote that downloads into `repository` what `refspec` selects.
    init(
        url: RemoteURL,
        credential: GitCredential?,
        refspec: String,
        into repository: borrowing RepositoryHandle
    ) throws(Failure) {
        var pointer: OpaquePointer?
        var options = unsafe git_remote_create_options()
        try check(unsafe git_remote_create_options_init(&options, 1), "git_remote_create_options_init")
        unsafe options.repository = unsafe repository.raw
        unsafe options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF.rawValue
        let code = unsafe refspec.withCString { refspec in
            unsafe options.fetchspec = unsafe refspec
            return unsafe git_remote_create_with_opts(&pointer, url.secretText, &options)
        }
        try check(code, "git_remote_create_with_opts")
        unsafe raw = try unsafe handedOut(pointer, by: "git_remote_create_with_opts")
        conversation = Conversation(url: url, credential: credential)
    }

    deinit { unsafe git_remote_free(raw) }

    /// Connects through the proxy that the environment names, if it names one.
    func connect() throws(Failure) {
        var options = unsafe git_remote_connect_options()
        try check(
            unsafe git_remote_connect_options_init(&options, 1),
            "git_remote_connect_options_init"
        )
        unsafe options.proxy_opts.type = GIT_PROXY_AUTO
        unsafe conversation.answer(&options.callbacks)
        try judged(
            unsafe git_remote_connect_ext(raw, GIT_DIRECTION_FETCH, &options),
            "git_remote_connect_ext"
        )
        conversation.isLetIn()
    }

    /// Throws the failure of a call during which libgit2 may have asked us; our own words come first.
    private func judged(_ code: Int32, _ call: String) throws(Failure) {
        if code < 0, let refusal = conversation.refusal {
            git_error_clear()
            throw refusal
        }
        try check(code, call)
    }

    /// What the remote says it has, after `connect`: full ref names, and `NAME^{}` for what a tag leads to.
    func advertised() throws(Failure) -> [String: String] {
        var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try check(unsafe git_remote_ls(&heads, &count, raw), "git_remote_ls")
        var result: [String: String] = [:]
        for index in 0..<count {
            guard let head = unsafe heads?[index], let name = unsafe text(head.pointee.name) else { continue }
            result[name] = unsafe head.pointee.oid.text
        }
        return result
    }

    /// Downloads what the refspec selects and is missing; writes a pack and no ref.
    func download(allTags: Bool) throws(Failure) {
        var options = unsafe git_fetch_options()
        try check(unsafe git_fetch_options_init(&options, 1), "git_fetch_options_init")
        unsafe options.update_fetchhead = 0
        unsafe options.proxy_opts.type = GIT_PROXY_AUTO
        unsafe options.download_tags = allTags ? GIT_REMOTE_DOWNLOAD_TAGS_ALL : GIT_REMOTE_DOWNLOAD_TAGS_NONE
        unsafe conversation.answer(&options.callbacks)
        unsafe options.callbacks.transfer_progress = { progress, _ in
            let received = unsafe progress?.pointee.received_bytes ?? 0
            return received > RemoteHandle.transferLimit ? GIT_EUSER.rawValue : 0
        }
        let code = unsafe git_remote_download(raw, nil, &options)
        if code == GIT_EUSER.rawValue, conversation.refusal == nil {
            throw Failure(
                .invalid,
                "The repository sends more than \(Self.transferLimit >> 30) GiB, the most a source may have"
            )
        }
        try judged(code, "git_remote_download")
    }
}
