/// What a worker is told about itself.
package struct WorkerSettings: Sendable {
    /// The name of the runtime's record.
    package var name: String
    package var version: String
    /// Commands of its machine; sorted.
    package var commands: [String]
    /// How long a claim waits for work, half a lease at most; also the longest time that draining an idle
    /// worker takes.
    package var claimWait: Duration
    /// A new id for each claim.
    package var requestID: @Sendable () -> String
    /// From 0 up to 1, for pauses.
    package var random: @Sendable () -> Double

    /// Settings of their parts.
    package init(
        name: String,
        version: String,
        commands: [String],
        claimWait: Duration = .seconds(5),
        requestID: @escaping @Sendable () -> String,
        random: @escaping @Sendable () -> Double
    ) {
        self.name = name
        self.version = version
        self.commands = commands
        self.claimWait = claimWait
        self.requestID = requestID
        self.random = random
    }
}
