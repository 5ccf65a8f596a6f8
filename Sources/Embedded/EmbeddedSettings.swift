/// What `up` runs: the state folder, the programs beside the running one, and what it points them at.
package struct EmbeddedSettings: Sendable {
    package var state: String
    package var publicPort: Int
    /// A git repository or an example folder; nil goes on with what the state folder holds.
    package var folder: String?
    /// The folder of `agirunnerd`, `agirunner-fleet` and `agirunner-runtime`.
    package var programDirectory: String
    /// Given to our own programs as it is; the database gets none of it.
    package var environment: [String: String]
    package var logLevel: String
    /// How often a runtime must be heard of, and how long an attempt is held without; as `5s` and `30s`.
    package var heartbeat: String
    package var lease: String
    /// The users that sandboxes run as when `up` is started by root.
    package var sandboxUserIDs: ClosedRange<UInt32>
    /// Where the distribution keeps database servers, one folder for each major version.
    package var databasePrograms: String
    /// How long a program may take from its first start until it is ready.
    package var readyWithin: Duration

    /// Settings of their parts.
    package init(
        state: String,
        publicPort: Int,
        folder: String?,
        programDirectory: String,
        environment: [String: String],
        logLevel: String = "info",
        heartbeat: String = "5s",
        lease: String = "30s",
        sandboxUserIDs: ClosedRange<UInt32> = 620_000...629_999,
        databasePrograms: String = "/usr/lib/postgresql",
        readyWithin: Duration = .seconds(120)
    ) {
        self.state = state
        self.publicPort = publicPort
        self.folder = folder
        self.programDirectory = programDirectory
        self.environment = environment
        self.logLevel = logLevel
        self.heartbeat = heartbeat
        self.lease = lease
        self.sandboxUserIDs = sandboxUserIDs
        self.databasePrograms = databasePrograms
        self.readyWithin = readyWithin
    }
}
