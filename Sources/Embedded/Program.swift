internal import Threads

/// One signal of a stop, and how long the program may take to answer it.
struct StopStep: Sendable {
    let signal: Signal
    let patience: Duration

    init(_ signal: Signal, patience: Duration) {
        self.signal = signal
        self.patience = patience
    }
}

/// A program that is kept running.
struct Program: Sendable {
    /// Names record and log.
    let name: String
    let command: Command
    /// One after the other until it ends; it is killed after the last.
    let stops: [StopStep]
    /// From a start until it is ready.
    let readyWithin: Duration
    /// Runs before each start.
    var prepare: @Sendable () async throws -> Void = {}
    /// Bounded by a time-out of its own.
    var isReady: @Sendable () async -> Bool = { true }
    /// Ends what the program itself leaves behind on purpose; runs after it was stopped.
    var cleanUp: @Sendable () async -> Void = {}

    /// What a running process must have been started from to be adopted: the same file with the same
    /// arguments.
    var fingerprint: String {
        let file = FileSystem.entry(command.executable).map { "\($0.inode) \($0.size) \($0.modified)" } ?? ""
        let account = command.account.map { "\($0.userID):\($0.groupID)" } ?? ""
        return ([command.executable, file, account] + command.arguments).joined(separator: " ")
    }
}
