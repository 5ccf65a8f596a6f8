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
