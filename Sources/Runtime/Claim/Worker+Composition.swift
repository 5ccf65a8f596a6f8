package import Containers
internal import Domain
package import Logging
package import Secrets

/// What a runtime is made of, besides its own name.
package struct RuntimeParts: Sendable {
    package var door: WorkerDoor
    package var engine: SandboxEngine
    package var clock: Timepiece
    /// An absolute folder for the attempts of this runtime alone; the sandboxes' users must be able to enter
    /// it.
    package var folder: String
    package var logger: Logger
    /// Secrets of this process; they are in no line of a task's log.
    package var secrets: [SecretText]

    /// Parts of a runtime.
    package init(
        door: WorkerDoor,
        engine: SandboxEngine,
        clock: Timepiece = .system,
        folder: String,
        logger: Logger,
        secrets: [SecretText]
    ) {
        self.door = door
        self.engine = engine
        self.clock = clock
        self.folder = folder
        self.logger = logger
        self.secrets = secrets
    }
}

extension Worker {
    /// A worker that runs each attempt in a sandbox of the engine.
    package convenience init(_ settings: WorkerSettings, _ parts: RuntimeParts) {
        let supervisor = AttemptSupervisor(
            door: parts.door,
            engine: parts.engine,
            clock: parts.clock,
            folder: parts.folder,
            logger: parts.logger,
            redactor: Redactor(parts.secrets)
        )
        self.init(settings: settings, door: parts.door, clock: parts.clock, logger: parts.logger) {
            claim,
            control in
            await supervisor.run(claim, control)
        }
    }

    /// Makes the runtime's folders and removes what an earlier process of the same name left behind.
    ///
    /// - Throws: `Failure` of the file system or the engine.
    package static func prepare(_ parts: RuntimeParts) async throws {
        let removed = try await parts.engine.sweep([])
        if !removed.isEmpty { parts.logger.info("swept sandboxes", metadata: ["names": "\(removed)"]) }
        try removeTree(at: parts.folder)
        var path = ""
        for part in parts.folder.split(separator: "/") {
            path += "/" + part
            try makeMissingFolder(path)
        }
    }
}

/// The token in a file that its owner alone should be able to read, without the line end.
///
/// - Throws: `Failure` when there is no such file; `invalid` when it is empty.
package func readToken(at path: String) throws -> SecretText {
    let parts = path.split(separator: "/", omittingEmptySubsequences: true)
    guard path.hasPrefix("/"), let name = parts.last else {
        throw Failure(.invalid, "`\(path)` is no absolute path")
    }
    let folder = try WorkspaceDirectory(opening: "/" + parts.dropLast().joined(separator: "/"))
    let bytes = try folder.read(try WorkspacePath(String(name)), limit: 4096).bytes
    let token = String(decoding: bytes, as: UTF8.self).trimmed
    guard !token.isEmpty else { throw Failure(.invalid, "The token file \(path) is empty") }
    return SecretText(token)
}

/// The names of the commands a sandbox finds on its PATH when its root is this host's `/usr`; sorted.
///
/// - Throws: `Failure` when the folder cannot be listed.
package func hostCommands() throws -> [String] {
    let folder = try WorkspaceDirectory(opening: "/usr/bin")
    return try folder.list(.root, limit: 20_000).entries.filter { $0.kind != .folder }.map(\.path)
}
