internal import Domain
internal import Glibc
internal import Threads

/// The state folder, made, checked and locked; the lock lasts until `release` or the end of the process.
struct StateFolder: ~Copyable {
    /// Bytes of a unix socket's path that the kernel takes.
    static let socketPathLimit = 107
    /// Bytes of the folder that holds the database's socket.
    static let databaseSocketFolderLimit = 100

    let installation: Installation
    private let lock: FileLock

    /// Opens the folder for the one `up` that may use it.
    ///
    /// `server` is the account of the database server when it is not our own.
    /// - Throws: `Failure`: `invalid` for a path that is too long, `conflict` when another `up` holds it,
    ///   `forbidden` when it is someone else's or the server cannot enter it.
    static func open(_ installation: Installation, server: Command.Account?) throws -> StateFolder {
        try checkLengths(installation)
        let state = installation.state
        try FileSystem.makeFolder(state, mode: server == nil ? 0o700 : 0o711)
        guard let entry = FileSystem.entry(state), entry.userID == geteuid() else {
            throw Failure(
                .forbidden,
                "The state folder \(state) belongs to another user; use another --state"
            )
        }
        if let server {
            // The server passes through without seeing what else is there.
            try FileSystem.setMode(state, entry.mode | 0o011)
            try checkEntrance(to: state, for: server)
        }
        let lock = try takeLock(installation)
        try makeFolders(installation, server: server)
        return StateFolder(installation: installation, lock: lock)
    }

    private static func makeFolders(_ installation: Installation, server: Command.Account?) throws {
        let passage: UInt32 = server == nil ? 0o700 : 0o711
        for folder in [installation.run, installation.database, installation.runtimes] {
            try FileSystem.makeFolder(folder, mode: passage)
        }
        for folder in [installation.repositories, installation.workspaceRepositories] {
            try FileSystem.makeFolder(folder, mode: 0o755)
        }
        for folder in [installation.logs, installation.processes] {
            try FileSystem.makeFolder(folder, mode: 0o700)
        }
        try FileSystem.makeFolder(installation.databaseSocketFolder, mode: 0o700)
        if let server { try FileSystem.setOwner(installation.databaseSocketFolder, server) }
    }

    /// Gives the folder up; calling it keeps the lock alive until then.
    consuming func release() {}

    private static func takeLock(_ installation: Installation) throws -> FileLock {
        do { return try FileLock(path: installation.lock) } catch {
            guard error.code == .busy else { throw error }
            let owner = FileLock.owner(ofLockAt: installation.lock).map { " (process \($0))" } ?? ""
            throw Failure(
                .conflict,
                "Another `agirunner up`\(owner) holds \(installation.state); stop it or use another --state"
            )
        }
    }

    static func checkLengths(_ installation: Installation) throws {
        let sockets = [
            installation.controlSocket, installation.workerSocket,
            installation.databaseSocketFolder + "/.s.PGSQL.5432",
        ]
        let excess =
            [
                sockets.map { $0.utf8.count - socketPathLimit }.max() ?? 0,
                installation.databaseSocketFolder.utf8.count - databaseSocketFolderLimit,
            ].max() ?? 0
        if excess > 0 {
            throw Failure(
                .invalid,
                "The state folder's path is \(excess) bytes too long for unix sockets: "
                    + "\(installation.state); "
                    + "use a shorter --state, such as /tmp/agirunner"
            )
        }
    }

    /// Refuses a state folder below a folder that the account cannot enter, such as a home of mode 0700.
    static func checkEntrance(to path: String, for account: Command.Account) throws {
        var folder = ""
        for part in path.split(separator: "/") {
            folder += "/" + part
            guard let entry = FileSystem.entry(folder) else { continue }
            let needed: UInt32 =
                entry.userID == account.userID ? 0o100 : entry.groupID == account.groupID ? 0o010 : 0o001
            if entry.mode & needed == 0 {
                throw Failure(
                    .forbidden,
                    "The database runs as user \(account.userID), which cannot enter \(folder); "
                        + "use a --state outside of it, such as /var/lib/agirunner"
                )
            }
        }
    }

    /// Writes a secret of ours, such as the fleet manager's token, once; a second `up` keeps it.
    func ensureSecret(_ path: String, _ newToken: () -> String) throws {
        if FileSystem.entry(path) != nil { return }
        try FileSystem.write(Array(newToken().utf8), to: path)
    }
}

/// The account the database server runs as: nil for a plain user, whose own it is.
///
/// - Throws: `Failure.notFound` on a machine without `postgres` and `nobody`.
func serverAccount(userID: UInt32, accounts: String) throws -> Command.Account? {
    if userID != 0 { return nil }
    let lines = accounts.split(separator: "\n").map {
        $0.split(separator: ":", omittingEmptySubsequences: false)
    }
    for name in ["postgres", "nobody"] {
        if let line = lines.first(where: { $0.first == name[...] }), line.count >= 4,
            let user = UInt32(line[2]), let group = UInt32(line[3]), user != 0
        {
            return Command.Account(userID: user, groupID: group)
        }
    }
    throw Failure(.notFound, "There is neither a user postgres nor a user nobody to run the database as")
}
