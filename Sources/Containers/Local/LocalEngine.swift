internal import CLinux
internal import Domain
package import Logging
internal import Threads

/// Where the local engine keeps its sandboxes and whose processes they are.
package struct LocalEngineSettings: Sendable {
    /// An absolute path; when we are root, every user must be able to enter it.
    ///
    /// Made when it is missing.
    package var folder: String
    /// Used only when we are root: one for each live sandbox, and for nothing else on this host.
    package var userIDs: ClosedRange<UInt32>
    /// Holds the locks of the users in use: one folder for all runtimes of this host, whatever installation
    /// they belong to.
    package var userIDFolder: String
    package var bubblewrap = "/usr/bin/bwrap"
    /// Commands that may run in one sandbox at the same time.
    package var execsPerSandbox = 16

    package init(
        folder: String,
        userIDs: ClosedRange<UInt32> = 64_100...64_163,
        userIDFolder: String? = nil
    ) {
        self.folder = folder
        self.userIDs = userIDs
        self.userIDFolder = userIDFolder ?? "/run/agirunner-users"
    }

    /// Nil when we are not root: then everything runs as we do.
    var users: UserIDPool? {
        ag_effective_user() == 0 ? UserIDPool(folder: userIDFolder, range: userIDs) : nil
    }

    var sandboxes: String { folder + "/sandboxes" }

    func folder(of name: String) -> SandboxFolder { SandboxFolder(parent: sandboxes, name: name) }

    /// Makes the folders and looks for the programs.
    ///
    /// - Throws: `Failure.unsupported` naming the missing package.
    func prepare() throws {
        for (program, package) in [
            (bubblewrap, "bubblewrap"), ("/usr/bin/prlimit", "util-linux"),
            ("/usr/bin/setpriv", "util-linux"),
            ("/usr/bin/unshare", "util-linux"),
        ] {
            var file = ag_file()
            guard unsafe ag_stat_at(AT_FDCWD, program, &file) == 0 else {
                throw Failure(.unsupported, "\(program) is missing: install the package \(package)")
            }
        }
        for (path, mode) in folders(for: users) {
            do { try makeFolder(path, mode: mode) } catch let failure as Failure
                where failure.code == .alreadyExists
            {}
        }
    }

    /// What is made before the first sandbox; where there are no users to lend, their folder, which root
    /// alone can make, is of no use.
    func folders(for users: UserIDPool?) -> [(path: String, mode: UInt32)] {
        let own: [(path: String, mode: UInt32)] = [(folder, 0o711), (sandboxes, 0o711)]
        guard let users else { return own }
        return own + [(users.folder, 0o700)]
    }
}

extension SandboxEngine {
    /// The engine that runs sandboxes as processes of this host, by bubblewrap.
    ///
    /// Each exec is a bubblewrap of its own over the same workspace and `/tmp`, so nothing survives an exec
    /// but files.
    package static func local(_ settings: LocalEngineSettings, logger: Logger) -> SandboxEngine {
        let sandboxes = LocalSandboxes(settings: settings, logger: logger)
        return SandboxEngine(
            name: "local",
            create: { try await sandboxes.create($0) },
            exec: { try await sandboxes.exec($0, $1) },
            destroy: { await sandboxes.destroy($0) },
            limits: { localLimits($0) },
            sweep: { keeping in
                let kept = await keeping.union(sandboxes.names)
                return try await onOwnThread("sandbox-sweep") { _ in
                    try removeLeftovers(settings, keeping: kept)
                }
            }
        )
    }
}

/// Removes the sandboxes whose maker is gone, with their processes.
private func removeLeftovers(_ settings: LocalEngineSettings, keeping: Set<String>) throws -> [String] {
    try settings.prepare()
    var removed: [String] = []
    for name in try names(inFolderAt: settings.sandboxes).sorted() where !keeping.contains(name) {
        let folder = settings.folder(of: name)
        let record = try folder.readRecord()
        if let maker = record?.maker, maker != ProcessIdentity.own, maker.isAlive { continue }
        try folder.killExecs()
        // Without the lock somebody else uses the user by now, and what runs as it is theirs.
        if let userID = record?.userID, let lease = try settings.users?.lease(userID) {
            try lease.killProcesses()
        }
        try folder.remove()
        removed.append(name)
    }
    return removed
}

/// Refuses a path that an unprivileged user could not reach, since bubblewrap runs as one.
///
/// - Throws: `Failure.forbidden` naming the closed folder, `.notFound`.
func requireEnterable(_ path: String) throws {
    var prefix = ""
    for part in path.split(separator: "/").dropLast() {
        prefix += "/" + part
        var file = ag_file()
        let folder = Descriptor(
            try answer(unsafe ag_open(prefix, ag_open_path | O_DIRECTORY, 0), "open", prefix)
        )
        _ = try answer(unsafe ag_stat(folder.raw, &file), "fstat", prefix)
        guard file.mode & 0o001 != 0 else {
            throw Failure(
                .forbidden,
                "The sandbox of `\(path)` runs as an unprivileged user, who cannot enter \(prefix)"
            )
        }
    }
}
