internal import Containers
internal import Domain
internal import Glibc

/// Whose a folder of the host is, when we are root and it is somebody else's; else nil.
///
/// Root without capabilities can do no more to it than everybody, so such a folder is written as its owner.
func foreignOwner(of path: String) -> FileOwner? {
    var found = stat()
    guard geteuid() == 0, unsafe stat(path, &found) == 0, found.st_uid != 0 else { return nil }
    return FileOwner(userID: found.st_uid, groupID: found.st_gid)
}

/// Makes a folder of the host with exactly this mode; one that is there stays and gets the mode.
///
/// - Throws: `Failure.forbidden`, `.notFound` without its parent, `.exhausted`.
func makeHostFolder(_ path: String, mode: UInt32) throws {
    if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw refusal("mkdir", path) }
    // The mask of the process takes bits from the mode given to mkdir.
    if unsafe chmod(path, mode_t(mode)) != 0 { throw refusal("chmod", path) }
}

/// Makes a folder that others may enter; one that is there stays as it is.
///
/// - Throws: what ``makeHostFolder(_:mode:)`` throws.
func makeMissingFolder(_ path: String) throws {
    if exists(path) { return }
    try makeHostFolder(path, mode: 0o711)
}

/// Whether there is anything at a path of the host.
func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

func refusal(_ call: String, _ path: String) -> Failure {
    let code: Failure.Code =
        switch errno {
        case ENOENT, ENOTDIR: .notFound
        case ENOSPC, EDQUOT, EMFILE: .exhausted
        default: .forbidden
        }
    return Failure(code, "The folder \(path) cannot be made (\(call))", outside: "errno \(errno)")
}
