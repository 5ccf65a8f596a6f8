internal import CGit2
internal import Domain

/// Throws the failure of a libgit2 call whose answer is negative.
///
/// The message is thread-local and the next call overwrites it: `check` is synchronous and stands directly
/// around the call, so nothing can come between.
func check(_ code: Int32, _ call: String) throws(Failure) {
    guard code < 0 else { return }
    throw libraryFailure(code, call)
}

/// The failure of a call that answered `code`; the message is taken from libgit2 and cleared there.
func libraryFailure(_ code: Int32, _ call: String) -> Failure {
    let last = unsafe git_error_last()
    let kind = unsafe git_error_t(UInt32(bitPattern: last?.pointee.klass ?? 0))
    // Some of it are words of the remote, which must not reach a terminal or a log as they come.
    let words = unsafe (text(last?.pointee.message) ?? "no further message").unicodeScalars.prefix(500)
    let message = words.reduce(into: "") { $0.unicodeScalars.append($1.value < 0x20 ? " " : $1) }
    git_error_clear()
    return Failure(
        failureCode(code, kind, message),
        "git: \(message)",
        outside: "\(call) \(code), class \(kind.rawValue)"
    )
}

/// A copy of a C string, its invalid UTF-8 repaired; nil for no string.
func text(_ pointer: UnsafePointer<CChar>?) -> String? {
    guard let pointer = unsafe pointer else { return nil }
    return unsafe String(cString: pointer)
}

/// The object a call handed out; a call that succeeded without one is a defect of the library.
func handedOut(_ pointer: OpaquePointer?, by call: String) throws(Failure) -> OpaquePointer {
    guard let pointer = unsafe pointer else {
        throw Failure(.internal, "git: \(call) succeeded without a result", outside: call)
    }
    return unsafe pointer
}

private func failureCode(_ code: Int32, _ kind: git_error_t, _ message: String) -> Failure.Code {
    switch code {
    case GIT_EAUTH.rawValue, GIT_ECERTIFICATE.rawValue: .unauthenticated
    case GIT_EOWNER.rawValue: .forbidden
    case GIT_EUSER.rawValue, GIT_EINVALIDSPEC.rawValue, GIT_EINVALID.rawValue, GIT_EAMBIGUOUS.rawValue,
        GIT_EPEEL.rawValue:
        .invalid
    case GIT_EMISMATCH.rawValue: .corrupted
    case GIT_ELOCKED.rawValue, GIT_EEOF.rawValue: .unavailable
    case GIT_ENOTFOUND.rawValue: kind == GIT_ERROR_ODB ? .corrupted : .notFound
    default: failureCode(kind, message)
    }
}

/// libgit2 answers a plain -1 for most things; its class and, for remotes, its words say more.
private func failureCode(_ kind: git_error_t, _ message: String) -> Failure.Code {
    switch kind {
    case GIT_ERROR_NOMEMORY: .exhausted
    case GIT_ERROR_ZLIB, GIT_ERROR_ODB, GIT_ERROR_OBJECT, GIT_ERROR_TREE, GIT_ERROR_TAG, GIT_ERROR_SHA,
        GIT_ERROR_INDEXER, GIT_ERROR_REFERENCE:
        .corrupted
    case GIT_ERROR_REPOSITORY: message.contains("unsupported") ? .unsupported : .invalid
    case GIT_ERROR_CONFIG, GIT_ERROR_INVALID: .invalid
    case GIT_ERROR_SSH: message.contains("authenticat") ? .unauthenticated : .unavailable
    case GIT_ERROR_SSL: message.contains("certificate") ? .unauthenticated : .unavailable
    case GIT_ERROR_HTTP where message.contains("code: 401"): .unauthenticated
    case GIT_ERROR_HTTP where message.contains("code: 403"): .forbidden
    case GIT_ERROR_HTTP where message.contains("code: 404"): .notFound
    case GIT_ERROR_NET where message.contains("not exported"),
        GIT_ERROR_NET where message.contains("not found"):
        .notFound
    case GIT_ERROR_NET, GIT_ERROR_HTTP, GIT_ERROR_OS, GIT_ERROR_THREAD: .unavailable
    default: .internal
    }
}
