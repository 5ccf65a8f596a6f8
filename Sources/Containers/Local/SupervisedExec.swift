internal import CLinux
internal import Domain
internal import Threads

/// The blocking life of one exec, on a thread of its own: start, feed, read, watch, and end it in every case.
struct SupervisedExec {
    /// What an exec is started with.
    struct Plan: Sendable {
        /// The programs up to and with bubblewrap, and the command.
        let words: [String]
        let files: ExecFiles
        let request: ExecRequest
        let begin: ContinuousClock.Instant
        let deadline: Deadline
        /// Whether bubblewrap runs in a PID namespace that ends with the first of the words.
        let isNested: Bool
        /// Looked at by the watchdog; nil where the kernel or nobody holds the limit.
        let memoryLimit: Int64?
        let processLimit: Int?
        let activity: SandboxActivity
    }

    private enum End: Equatable {
        case byItself, timedOut, destroyed, cancelled
        case exceeded(LimitReport.Limit)
    }

    private let plan: Plan
    private let process: ProcessIdentity
    private let pidfd: Descriptor
    private var input: Descriptor?
    private var output: Descriptor?
    private var error: Descriptor?
    private var standardOutput: CapturedStream
    private var standardError: CapturedStream
    private var fed = 0
    private var nextLook: Deadline

    private var root: Int32 { process.pid }

    /// Starts the programs.
    init(_ plan: Plan) throws {
        let input = try pipe()
        let output = try pipe()
        let error = try pipe()
        for end in [input.writing, output.reading, error.reading] {
            _ = try answer(ag_set_nonblocking(end.raw), "fcntl", "A pipe")
        }
        // The shell opens the two files as we, before the user is another. Nothing of our environment goes
        // along: the first process inside keeps what bubblewrap was given, and everybody inside can read
        // that.
        let script = "arguments=$1 report=$2; shift 2; exec \"$@\" 3<\"$arguments\" 4>\"$report\""
        let command = Command(
            executable: "/bin/sh",
            arguments: ["-c", script, "sh", plan.files.arguments, plan.files.status] + plan.words,
            environment: ["PATH": "/usr/bin:/bin"]
        )
        // bubblewrap dies with the *thread* that started it (PR_SET_PDEATHSIG), so this one must outlive it.
        process = try start(command, input.reading, output.writing, error.writing)
        let root = process.pid
        let opened = ag_pidfd_open(root)
        if opened < 0 { _ = ag_kill_group(root, SIGKILL) }
        pidfd = Descriptor(try answer(opened, "pidfd_open", "Watching a command"))
        self.plan = plan
        self.input = plan.request.standardInput.isEmpty ? nil : input.writing
        self.output = output.reading
        self.error = error.reading
        standardOutput = CapturedStream(limit: plan.request.outputLimit)
        standardError = CapturedStream(limit: plan.request.outputLimit)
        nextLook = .after(.milliseconds(50))
        plan.activity.began(root)
    }

    /// Supervises to the end; afterwards no process of the exec is left.
    mutating func run(cancelled: WakeUp) throws -> ExecResult {
        defer { plan.activity.finished(root) }
        var outcome: Result<End, any Error>
        do {
            try record()
            outcome = .success(try supervise(cancelled))
        } catch {
            outcome = .failure(error)
        }
        var hasEnded = false
        if case .success(.byItself) = outcome { hasEnded = true }
        let status = try finish(hasEnded: hasEnded)
        return try result(outcome.get(), status)
    }

    private func record() throws {
        try makeFile(plan.files.process, "\(process.pid) \(process.startTime)\n", mode: 0o600)
    }

    private mutating func supervise(_ cancelled: WakeUp) throws -> End {
        let isWatched = plan.memoryLimit != nil || plan.processLimit != nil
        while true {
            if plan.deadline.isPast { return .timedOut }
            // poll(2) ignores a negative descriptor, so a closed pipe keeps its place.
            let ready = try poll(
                [
                    PollInterest(pidfd.raw, readable: true),
                    PollInterest(cancelled.fileDescriptor, readable: true),
                    PollInterest(plan.activity.ended.fileDescriptor, readable: true),
                    PollInterest(output?.raw ?? -1, readable: true),
                    PollInterest(error?.raw ?? -1, readable: true),
                    PollInterest(input?.raw ?? -1, writable: true),
                ],
                until: isWatched ? min(plan.deadline, nextLook) : plan.deadline
            )
            if ready[1].isReady { return .cancelled }
            if ready[2].isReady { return .destroyed }
            if ready[3].isReady { try receive(&output, into: &standardOutput) }
            if ready[4].isReady { try receive(&error, into: &standardError) }
            if ready[5].isReady { feed() }
            if ready[0].isReady { return .byItself }
            if isWatched, nextLook.isPast, let limit = try look() { return .exceeded(limit) }
        }
    }

    /// The watchdog: what the kernel does not count for us is counted here, about 5 % of the time.
    private mutating func look() throws -> LimitReport.Limit? {
        let start = ContinuousClock.now
        var memory: Int64 = 0
        var processes = 0
        for root in plan.activity.roots {
            let usage = try ProcessTable.usage(below: root)
            memory += usage.memory
            // The first process inside is bubblewrap's.
            processes += max(0, usage.processes - 1)
        }
        nextLook = .after(min(.seconds(1), max(.milliseconds(100), start.duration(to: .now) * 20)))
        if let limit = plan.memoryLimit, memory > limit { return .memory }
        if let limit = plan.processLimit, processes > limit { return .pids }
        return nil
    }

    /// Kills what is left, waits until it is gone, and takes the last bytes.
    private mutating func finish(hasEnded: Bool) throws -> ExecFiles.Status {
        if !hasEnded { try kill() }
        try awaitEnd(pidfd)
        // bubblewrap alone does not wait for the first process inside, which died with it and ends after all
        // others.
        if !plan.isNested, let first = try plan.files.readStatus().firstProcess.flatMap(pidDescriptor) {
            try awaitEnd(first)
        }
        let last = Deadline.after(.seconds(5))
        while output != nil || error != nil, !last.isPast {
            let ready = try poll(
                [
                    PollInterest(output?.raw ?? -1, readable: true),
                    PollInterest(error?.raw ?? -1, readable: true),
                ],
                until: last
            )
            if ready[0].isReady { try receive(&output, into: &standardOutput) }
            if ready[1].isReady { try receive(&error, into: &standardError) }
        }
        return try plan.files.readStatus()
    }

    /// Kills from below, so that each process is reaped by its parent; what resists or is new is killed by
    /// session.
    private func kill() throws {
        // Where nobody can be seen, the kill of the first takes the others along.
        let children = ((try? ProcessTable.children(of: root)) ?? []).compactMap(pidDescriptor)
        for child in children { _ = ag_pidfd_signal(child.raw, SIGKILL) }
        if !children.isEmpty {
            _ = try poll([PollInterest(pidfd.raw, readable: true)], until: .after(.seconds(2)))
        }
        // Not reaped yet, so the numbers of its group and session are nobody else's.
        _ = ag_kill_group(root, SIGKILL)
        // The same holds here.
        for pid in (try? ProcessTable.all(inSession: root)) ?? [] where pid != root {
            if let stray = pidDescriptor(pid) { _ = ag_pidfd_signal(stray.raw, SIGKILL) }
        }
    }

    /// Waits for a process that must end now, and reaps it if that is left to us.
    private func awaitEnd(_ pidfd: Descriptor) throws {
        let ready = try poll([PollInterest(pidfd.raw, readable: true)], until: .after(.seconds(10)))
        guard ready[0].isReady else {
            throw Failure(.internal, "A killed process of a sandbox did not end within 10 seconds")
        }
        var end = ag_exit()
        _ = unsafe ag_exit_of_child(pidfd.raw, 1, &end)
    }

    private func result(_ end: End, _ status: ExecFiles.Status) throws -> ExecResult {
        switch end {
        case .cancelled: throw CancellationError()
        case .destroyed: throw Failure(.cancelled, "The sandbox was destroyed while the command ran")
        case .timedOut: return result(137, timedOut: true)
        case .exceeded(let limit): return result(137, exceeded: limit)
        case .byItself: break
        }
        if let code = status.exitCode { return result(code) }
        // Everything was ready and the program could not be started: a shell tells that by these two codes.
        if standardError.head.starts(with: Array("bwrap: execvp ".utf8)) {
            return result(standardError.text.hasSuffix(": No such file or directory\n") ? 127 : 126)
        }
        throw setupFailure()
    }

    private func result(
        _ code: Int32,
        timedOut: Bool = false,
        exceeded: LimitReport.Limit? = nil
    ) -> ExecResult {
        ExecResult(
            exitCode: code,
            timedOut: timedOut,
            exceeded: exceeded,
            standardOutput: standardOutput,
            standardError: standardError,
            duration: plan.begin.duration(to: .now)
        )
    }

    /// The command was never run: bubblewrap or a program before it said why.
    private func setupFailure() -> Failure {
        let said = String(standardError.text.prefix(500))
        if said.contains("Can't chdir to") {
            return Failure(.notFound, "There is no folder `\(plan.request.workingDirectory)` in the sandbox")
        }
        if said.contains("temporarily unavailable") {
            return Failure(
                .exhausted,
                "The sandbox has too many processes for one more command",
                outside: said
            )
        }
        return Failure(.unavailable, "The command could not be started in its sandbox", outside: said)
    }

    // A command that closes its input early is no error: it had enough.
    private mutating func feed() {
        guard let descriptor = input else { return }
        let bytes = plan.request.standardInput
        let count = unsafe bytes.withUnsafeBytes { buffer in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[fed...])
            return unsafe ag_write(descriptor.raw, rest.baseAddress, min(rest.count, 65_536))
        }
        if count > 0 { fed += count }
        if fed == bytes.count || (count < 0 && count != -Int(EAGAIN)) { input = nil }
    }
}

private func receive(_ descriptor: inout Descriptor?, into stream: inout CapturedStream) throws {
    guard let open = descriptor else { return }
    var count = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, initialized in
        count = unsafe ag_read(open.raw, buffer.baseAddress, buffer.count)
        initialized = max(0, count)
    }
    if count == -Int(EAGAIN) { return }
    _ = try answer(count, "read", "The output of a command")
    if bytes.isEmpty { descriptor = nil }
    stream.append(bytes)
}

/// Starts a command.
///
/// - Throws: `Failure.invalid` for a NUL or too long an argument, `.notFound`, `.exhausted`.
private func start(
    _ command: Command,
    _ input: Descriptor,
    _ output: Descriptor,
    _ error: Descriptor
) throws -> ProcessIdentity {
    do {
        return try command.spawn(input: input.raw, output: output.raw, error: error.raw)
    } catch {
        if error.code == .invalid { throw Failure(.invalid, "An argument of a command holds a NUL") }
        _ = try answer(-error.errno, error.call, "Starting a command")
        throw error
    }
}

private func pidDescriptor(_ pid: Int32) -> Descriptor? {
    let opened = ag_pidfd_open(pid)
    return opened < 0 ? nil : Descriptor(opened)
}

private func pipe() throws -> (reading: Descriptor, writing: Descriptor) {
    var ends: [Int32] = [-1, -1]
    _ = try answer(unsafe ag_pipe(&ends), "pipe2", "A pipe")
    return (Descriptor(ends[0]), Descriptor(ends[1]))
}
