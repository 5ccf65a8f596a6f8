internal import Containers
package import Domain
internal import Glibc
package import Logging
internal import Threads

/// Runtimes as processes in sessions of their own, which outlive the fleet manager.
///
/// The folder of a runtime is its label: what stands there is all that is known of it, before and after a
/// restart. One fleet manager uses a state folder at a time, and makes its calls one after the other.
package struct LocalRuntimes: Sendable {
    /// How many users one runtime's sandboxes are given; a pool allows at most so many tasks for each.
    static let usersPerRuntime: UInt32 = 100
    /// How many logs of runtimes that are gone are kept.
    static let keptLogs = 20

    let settings: LocalRuntimeSettings
    private let files: WorkspaceDirectory
    private let logger: Logger

    /// The runtimes of a state folder.
    ///
    /// - Throws: `Failure` when the folder is missing or cannot be written.
    package init(
        _ settings: LocalRuntimeSettings,
        logger: Logger = Logger(label: "agirunner.fleet")
    ) throws {
        self.settings = settings
        self.logger = logger
        files = try WorkspaceDirectory(opening: settings.state)
        for folder in ["runtimes", "logs"] { try files.makeFolder(WorkspacePath(folder)) }
    }

    /// Every runtime that has a folder, running or ended, sorted by name; ended children are reaped.
    ///
    /// One that is not recorded, or whose record is damaged, is ended and missing.
    /// - Throws: `Failure` or `SystemError` when a runtime cannot be looked at; none is taken for gone then.
    package func inventory() async throws -> [InventoryItem] {
        var items: [InventoryItem] = []
        for name in try names() {
            do {
                if let record = try record(of: name) {
                    items.append(try await item(record))
                } else {
                    await endUnrecorded(name)
                }
            } catch let failure as Failure where failure.code == .corrupted {
                logger.error("a runtime is ended", metadata: ["runtime": "\(name)", "error": "\(failure)"])
                await endUnrecorded(name)
            }
        }
        return items
    }

    private func item(_ record: RuntimeFile) async throws -> InventoryItem {
        let isRunning = record.isRunning
        var status: ExitStatus?
        if !isRunning, record.isOfThisBoot {
            // Before the leader is reaped: until then its group's number is its own.
            _ = try record.process.killGroup()
            status = try await DetachedProcess.waitForExit(record.process, until: .after(.zero))
        }
        return InventoryItem(
            name: record.name,
            pool: record.pool,
            digest: record.digest,
            startedAt: record.startedAt,
            isRunning: isRunning,
            endingSince: record.endingSince,
            endedCleanly: status == .exited(0)
        )
    }

    /// Ends a runtime that was never recorded, or whose record is damaged, and clears it away.
    ///
    /// Which users its sandboxes have stands nowhere else, so nobody may be given any while it runs. What
    /// fails is tried again by the next inventory.
    private func endUnrecorded(_ name: String) async {
        do {
            let mark = RuntimeCommand.mark("\(folder(of: name))/token")
            for process in try ProcessIdentity.all(calledWith: mark) {
                _ = try process.killGroup()
                let status = try await DetachedProcess.waitForExit(process, until: .after(.seconds(5)))
                if status == nil { throw Failure(.timeout, "Process \(process.pid) does not end") }
            }
            try clearAway(name)
        } catch {
            logger.error(
                "a runtime cannot be cleared away yet",
                metadata: ["runtime": "\(name)", "error": "\(error)"]
            )
        }
    }

    /// Starts a runtime with the identity that was made for it.
    ///
    /// - Throws: `Failure` or `SystemError`; nothing runs and nothing is left then.
    package func start(_ name: String, of pool: FleetPool, token: String, now: Timestamp) throws {
        guard isDNSLabel(name) else { throw Failure(.invalid, "`\(name)` is not the name of a runtime") }
        guard unsafe access(settings.program, X_OK) == 0 else {
            throw Failure(.notFound, "There is no program \(settings.program) to run a runtime with")
        }
        let users = try freeUsers()
        do {
            try files.write(path(of: name, "token"), Array(token.utf8), mode: 0o600)
            try files.makeFolder(path(of: name, "work"))
            let folder = folder(of: name)
            let command = RuntimeCommand(
                settings: settings,
                name: name,
                tokenFile: folder + "/token",
                folder: folder + "/work",
                users: users
            )
            let log = DetachedProcess.Output.file("\(settings.state)/logs/\(name).log")
            let process = try DetachedProcess(
                command.command.gated(by: folder + "/record.json"),
                output: log,
                errorOutput: log
            ).start()
            let record = RuntimeFile(
                name: name,
                pool: pool.name,
                digest: pool.digest,
                labels: [LiveLabel.pool: pool.name],
                process: process,
                boot: ProcessIdentity.currentBoot,
                startedAt: now,
                users: users
            )
            try write(record)
        } catch {
            // The first failure is the one to tell; what stays is removed by the next inventory.
            try? clearAway(name)
            throw error
        }
    }

    /// Asks a runtime to finish its work and end.
    ///
    /// Asked first and recorded then, so that a full disk keeps no runtime alive.
    package func drain(_ name: String, now: Timestamp) throws {
        guard var record = try record(of: name) else { return }
        if record.isRunning { _ = try record.process.signal(.terminate) }
        record.endingSince = record.endingSince ?? now
        try write(record)
    }

    /// Ends a runtime and everything in its session at once; recorded afterwards, as by ``drain(_:now:)``.
    package func kill(_ name: String, now: Timestamp) throws {
        guard var record = try record(of: name) else { return }
        if record.isRunning { _ = try record.process.killGroup() }
        record.endingSince = record.endingSince ?? now
        try write(record)
    }

    /// Clears away what an ended runtime left, but its log, of which the last twenty are kept.
    ///
    /// - Throws: `Failure.conflict` while it runs.
    package func remove(_ name: String) throws {
        guard try record(of: name)?.isRunning != true else {
            throw Failure(.conflict, "The runtime \(name) runs")
        }
        try clearAway(name)
    }

    /// Removes the token of a runtime that has read it.
    package func forgetToken(_ name: String) throws {
        let path = try path(of: name, "token")
        // A missing file is what is wanted.
        if (try? files.stat(path)) != nil { try files.remove(path) }
    }

    /// The process of a runtime, or nil when it does not run.
    package func processID(of name: String) throws -> Int32? {
        try record(of: name).flatMap { $0.isRunning ? $0.process.pid : nil }
    }

    /// Whether a runtime runs; one that cannot be looked at counts as running.
    func isRunning(_ name: String) -> Bool {
        do { return try processID(of: name) != nil } catch { return true }
    }

    /// Waits for the end of runtimes; those that run at the deadline are left as they are.
    package func waitForEnd(of names: [String], within duration: Duration) async throws {
        let deadline = Deadline.after(duration)
        for name in names {
            guard let record = try record(of: name), record.isOfThisBoot else { continue }
            _ = try await DetachedProcess.waitForExit(record.process, until: deadline)
        }
    }

    private func names() throws -> [String] {
        try files.list(WorkspacePath("runtimes"), limit: 100_000).entries.filter { $0.kind == .folder }
            .compactMap { $0.path.split(separator: "/").last.map(String.init) }
    }

    private func folder(of name: String) -> String { "\(settings.state)/runtimes/\(name)" }

    private func path(of name: String, _ file: String = ".") throws -> WorkspacePath {
        try WorkspacePath("runtimes/\(name)/\(file)")
    }

    /// What is recorded of a runtime; nil when nothing is, also when the machine failed while it was written.
    ///
    /// - Throws: `Failure.corrupted` when the record cannot be read: then its process may run.
    private func record(of name: String) throws -> RuntimeFile? {
        do {
            let bytes = try files.read(try path(of: name, "record.json"), limit: 1 << 16).bytes
            if bytes.isEmpty { return nil }
            let record = try Value(json: bytes).decode(RuntimeFile.self)
            guard record.name == name, record.process.pid > 1 else {
                throw Failure(.invalid, "It is of another runtime, or names no process")
            }
            return record
        } catch let failure as Failure where failure.code == .notFound {
            return nil
        } catch let failure as Failure where failure.code == .exhausted {
            // Nothing can be read now, which says nothing about this one.
            throw failure
        } catch {
            throw Failure(.corrupted, "The record of the runtime \(name) is damaged", cause: error)
        }
    }

    private func write(_ record: RuntimeFile) throws {
        try files.write(
            path(of: record.name, "record.json"),
            Value(encoding: record).canonicalBytes,
            mode: 0o600
        )
    }

    /// The first part of the configured users that no runtime has.
    private func freeUsers() throws -> ClosedRange<UInt32>? {
        guard let all = settings.sandboxUserIDs else { return nil }
        let taken = Set(try names().compactMap { try record(of: $0)?.users?.lowerBound })
        let size = min(LocalRuntimes.usersPerRuntime, UInt32(all.count))
        let firsts = stride(from: all.lowerBound, through: all.upperBound - (size - 1), by: Int(size))
        guard let first = firsts.first(where: { !taken.contains($0) }) else {
            throw Failure(
                .exhausted,
                "Every sandbox user of \(all) belongs to a runtime; widen --sandbox-uids"
            )
        }
        return first...(first + size - 1)
    }

    private func clearAway(_ name: String) throws {
        try files.remove(path(of: name), recursively: true)
        try pruneLogs(after: name)
    }

    private func pruneLogs(after name: String) throws {
        let list = try WorkspacePath("runtimes/.gone")
        // Without a list there are no logs to prune yet.
        let known =
            (try? files.read(list, limit: 1 << 16)).map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        var gone = known.split(separator: "\n").map(String.init) + [name]
        while gone.count > LocalRuntimes.keptLogs {
            // Somebody else may have removed it.
            try? files.remove(WorkspacePath("logs/\(gone.removeFirst()).log"))
        }
        try files.write(list, Array(gone.joined(separator: "\n").utf8), mode: 0o600)
    }
}
