/// How runtimes are started as processes of this machine.
package struct LocalRuntimeSettings: Sendable {
    /// The state folder, which exists; runtimes lie in `runtimes/`, their logs in `logs/`.
    package var state: String
    /// The absolute path of `agirunner-runtime`.
    package var program: String
    package var workerSocket: String
    /// The users of all sandboxes together, of which each runtime is given a part; nil when not started by
    /// root.
    package var sandboxUserIDs: ClosedRange<UInt32>?
    /// Given to every runtime as it is.
    package var environment: [String: String]
    package var logLevel: String

    /// Settings of their parts.
    package init(
        state: String,
        program: String,
        workerSocket: String,
        sandboxUserIDs: ClosedRange<UInt32>? = nil,
        environment: [String: String],
        logLevel: String = "info"
    ) {
        self.state = state
        self.program = program
        self.workerSocket = workerSocket
        self.sandboxUserIDs = sandboxUserIDs
        self.environment = environment
        self.logLevel = logLevel
    }
}
