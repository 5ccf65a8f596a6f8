internal import Domain
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

/// A child on disk, written before it is used, so that it is found after a kill −9 of its parent.
struct ChildRecord: Codable, Sendable, Equatable {
    let name: String
    let process: ProcessIdentity
    /// Process numbers and start times mean nothing after another boot.
    let boot: String
    let fingerprint: String

    /// The record of a process that runs; nil for every other one.
    static func ofRunning(_ path: String) -> ChildRecord? {
        ofThisBoot(path).flatMap { $0.process.isAlive ? $0 : nil }
    }

    /// The record of a process that runs, or ended since the machine was started.
    static func ofThisBoot(_ path: String) -> ChildRecord? {
        guard let bytes = FileSystem.content(path) else { return nil }
        // A file that is no record names no process.
        guard let record = try? Value(json: bytes).decode(ChildRecord.self) else { return nil }
        return record.boot == ProcessIdentity.currentBoot ? record : nil
    }

    func write(to path: String) throws {
        try FileSystem.write(Value(encoding: self).canonicalBytes, to: path)
    }
}

/// How long a program that ended is left alone before it is started again.
struct RestartPause: Equatable, Sendable {
    var first: Duration = .milliseconds(500)
    var cap: Duration = .seconds(30)
    /// A program that ran for so long starts from the first pause again.
    var stableAfter: Duration = .seconds(60)
    private(set) var failures = 0

    /// Counts an end and answers the pause after it, which doubles each time.
    mutating func next(afterRunning duration: Duration) -> Duration {
        failures = duration >= stableAfter ? 1 : failures + 1
        return min(cap, first * (1 << min(failures - 1, 20)))
    }
}
