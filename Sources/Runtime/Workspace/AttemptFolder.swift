internal import Containers
internal import Domain
internal import Glibc

/// Where the files of one attempt lie on the host; all of it is removed at its end.
struct AttemptFolder: Sendable {
    let path: String

    /// Made for an attempt below the runtime's own folder.
    ///
    /// - Throws: `Failure.invalid` for an attempt whose id is no plain name; what the file system refuses.
    init(below parent: String, attempt: UID) throws {
        guard isDNSLabel(attempt.text) else {
            throw Failure(.invalid, "`\(attempt)` is not the id of an attempt")
        }
        path = "\(parent)/\(attempt.text)"
        try removeTree(at: path)
        // The sandbox's user enters the first two folders; the rest is ours alone.
        for (folder, mode) in [(path, 0o711), (workspace, 0o755), (repository, 0o755), (context, 0o755)] {
            try makeHostFolder(folder, mode: UInt32(mode))
        }
        for folder in [home, mirror, staging, incoming] { try makeHostFolder(folder, mode: 0o700) }
    }

    /// The paths of a folder that somebody else makes.
    init(unmade path: String) { self.path = path }

    /// `/workspace` of the sandbox.
    var workspace: String { path + "/workspace" }
    var repository: String { workspace + "/repo" }
    var context: String { workspace + "/context" }
    /// The home of the clean git process.
    var home: String { path + "/home" }
    /// A bare repository between the remote and the sandbox.
    var mirror: String { path + "/mirror" }
    /// A bare repository in which what comes out of the sandbox is looked at.
    var staging: String { path + "/staging" }
    /// Where the sandbox's bundle is copied to.
    var incoming: String { path + "/incoming" }

    /// Gives what git works in to the user that git runs as; call it before anything lies in there.
    func give(to owner: FileOwner) throws {
        for folder in [workspace, repository, context, home, mirror, staging, incoming]
        where unsafe chown(folder, owner.userID, owner.groupID) != 0 {
            throw refusal("chown", folder)
        }
    }

    func remove() throws { try removeTree(at: path) }
}

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

private func refusal(_ call: String, _ path: String) -> Failure {
    let code: Failure.Code =
        switch errno {
        case ENOENT, ENOTDIR: .notFound
        case ENOSPC, EDQUOT, EMFILE: .exhausted
        default: .forbidden
        }
    return Failure(code, "The folder \(path) cannot be made (\(call))", outside: "errno \(errno)")
}
