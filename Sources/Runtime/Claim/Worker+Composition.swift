internal import Containers
internal import Domain
internal import Logging
internal import Secrets

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

/// The names of the commands a sandbox finds on its PATH when its root is this host's `/usr`; sorted.
///
/// - Throws: `Failure` when the folder cannot be listed.
package func hostCommands() throws -> [String] {
    let folder = try WorkspaceDirectory(opening: "/usr/bin")
    return try folder.list(.root, limit: 20_000).entries.filter { $0.kind != .folder }.map(\.path)
}
