internal import Domain
internal import Threads

/// Starts one program or adopts the one that runs, keeps it running, and stops it.
///
/// The record on disk is the only memory of what runs, here as after a restart.
struct Keeper: Sendable {
    /// Bytes; a longer log is put aside and replaces the one put aside before.
    static let logLimit: Int64 = 16 << 20

    let program: Program
    let installation: Installation
    let progress: @Sendable (String) -> Void
    var pause = RestartPause()
    /// How often the log of a program that runs is measured.
    var logPause: Duration = .seconds(60)

    private var recordPath: String { installation.record(of: program.name) }
    private var logPath: String { installation.log(of: program.name) }

    /// Makes the program run and waits until it is ready.
    ///
    /// *Cancellation*: leaves what runs; `stop` finds it.
    /// - Throws: `Failure.unavailable` with the end of its log when it is not ready in time, `notFound` for a
    ///   program that is not there.
    func begin() async throws {
        let deadline = Deadline.after(program.readyWithin)
        var process = try await adopt()
        var pause = pause
        while !deadline.isPast {
            let began = ContinuousClock.now
            let running: ProcessIdentity
            if let process { running = process } else { running = try await start() }
            if try await becomesReady(running, until: deadline) {
                progress("\(program.name): ready (process \(running.pid))")
                return
            }
            guard !running.isAlive else { break }
            process = nil
            try await sleep(pause.next(afterRunning: began.duration(to: .now)), "ended before it was ready")
        }
        throw Failure(
            .unavailable,
            "\(program.name) is not ready after \(program.readyWithin); see \(logPath)\n\(logEnd)"
        )
    }

    /// Starts the program again each time it ends; returns when cancelled and leaves the program as it is.
    func keep() async {
        var pause = pause
        var began = ContinuousClock.now
        while !Task.isCancelled {
            do {
                let running: ProcessIdentity
                if let found = ChildRecord.ofRunning(recordPath)?.process {
                    running = found
                } else {
                    began = .now
                    running = try await start()
                    if try await becomesReady(running, until: .after(program.readyWithin)) {
                        progress("\(program.name): ready again (process \(running.pid))")
                    } else if running.isAlive {
                        progress(
                            "\(program.name): started again, but not ready after \(program.readyWithin); "
                                + "see \(logPath)"
                        )
                    }
                }
                let status = try await exit(of: running)
                let ran = began.duration(to: .now)
                try await sleep(pause.next(afterRunning: ran), "ended (\(status))")
            } catch is CancellationError {
                return
            } catch {
                // Sleeping fails by cancellation alone, which the loop sees.
                try? await sleep(pause.next(afterRunning: .zero), "cannot be started: \(error)")
            }
        }
    }

    /// Stops what runs, then what it left; harmless when nothing does.
    func stop(isHurried: @Sendable () -> Bool) async {
        if let record = ChildRecord.ofRunning(recordPath) {
            progress("\(program.name): stopping")
            do { try await end(record.process, isHurried: isHurried) } catch {
                progress("\(program.name): cannot be stopped: \(error)")
            }
        }
        await program.cleanUp()
        if ChildRecord.ofRunning(recordPath) == nil {
            // A record that stays is found to be of no running process the next time.
            try? FileSystem.removeFile(recordPath)
        }
    }

    /// The process of an earlier `up`, if it is what would be started now; another one is stopped.
    private func adopt() async throws -> ProcessIdentity? {
        guard let record = ChildRecord.ofRunning(recordPath) else { return nil }
        if record.fingerprint == program.fingerprint {
            progress("\(program.name): found running (process \(record.process.pid))")
            return record.process
        }
        progress("\(program.name): replacing process \(record.process.pid), which was started differently")
        try await end(record.process, isHurried: { false })
        return nil
    }

    private func start() async throws -> ProcessIdentity {
        guard FileSystem.isExecutable(program.command.executable) else {
            throw Failure(
                .notFound,
                "The program \(program.command.executable) is missing; was everything built?"
            )
        }
        // A child that was killed is a zombie until it is reaped, and Postgres takes that for a server that
        // runs.
        if let last = ChildRecord.ofThisBoot(recordPath) {
            _ = try await DetachedProcess.waitForExit(last.process, until: .after(.zero))
        }
        try await program.prepare()
        if let log = FileSystem.entry(logPath), log.size > Keeper.logLimit {
            try FileSystem.move(logPath, to: logPath + ".1")
        }
        try FileSystem.removeFile(recordPath)
        // Another account could not see the record; the database is found by its lock file instead.
        let isGated = program.command.account == nil
        let command = isGated ? program.command.gated(by: recordPath) : program.command
        let process = try DetachedProcess(command, output: .file(logPath), errorOutput: .file(logPath))
            .start()
        let record = ChildRecord(
            name: program.name,
            process: process,
            boot: ProcessIdentity.currentBoot,
            fingerprint: program.fingerprint
        )
        try record.write(to: recordPath)
        return process
    }

    /// Whether the process is ready before it ends or the deadline passes.
    private func becomesReady(_ process: ProcessIdentity, until deadline: Deadline) async throws -> Bool {
        while !deadline.isPast {
            if await program.isReady() { return process.isAlive }
            // The wait between two questions ends early when the process does, and reaps it.
            let next = min(deadline, .after(.milliseconds(150)))
            if try await DetachedProcess.waitForExit(process, until: next) != nil { return false }
        }
        return false
    }

    private func exit(of process: ProcessIdentity) async throws -> ExitStatus {
        while true {
            // The program may run for as long as it likes; what it writes must not fill the disk meanwhile.
            if let status = try await DetachedProcess.waitForExit(process, until: .after(logPause)) {
                return status
            }
            do { try putLogAside() } catch {
                progress("\(program.name): its log cannot be put aside: \(error)")
            }
        }
    }

    /// Puts the end of a log that is too long aside and empties it: the program appends to it all the time.
    private func putLogAside() throws {
        guard let log = FileSystem.entry(logPath), log.size > Keeper.logLimit,
            let end = FileSystem.end(of: logPath, limit: Int(Keeper.logLimit))
        else { return }
        try FileSystem.write(end, to: logPath + ".1")
        try FileSystem.empty(logPath)
    }

    private func end(_ process: ProcessIdentity, isHurried: @Sendable () -> Bool) async throws {
        for step in program.stops {
            guard try process.signal(step.signal) else { break }
            let wasHurried = isHurried()
            let deadline = Deadline.after(wasHurried ? min(step.patience, .seconds(2)) : step.patience)
            while !deadline.isPast && (wasHurried || !isHurried()) {
                let slice = min(deadline, .after(.milliseconds(200)))
                if try await DetachedProcess.waitForExit(process, until: slice) != nil { return }
            }
        }
        _ = try process.killGroup()
        if try await DetachedProcess.waitForExit(process, until: .after(.seconds(10))) == nil {
            throw Failure(.timeout, "Process \(process.pid) does not end")
        }
    }

    private func sleep(_ duration: Duration, _ reason: String) async throws {
        try Task.checkCancellation()
        progress("\(program.name): \(reason); starting again in \(duration.seconds)")
        try await ContinuousClock().sleep(for: duration)
    }

    private var logEnd: String { lastLines(of: FileSystem.end(of: logPath, limit: 4096) ?? []) }
}

extension Duration {
    /// Seconds with one decimal, for people.
    fileprivate var seconds: String {
        let tenths = milliseconds / 100
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
