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
