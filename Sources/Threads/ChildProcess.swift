internal import CLinux

/// A short child that is run to its end; nothing of its process group is left afterwards.
package struct ChildProcess: Sendable {
    /// What a child left.
    package struct Output: Sendable {
        package let status: ExitStatus
        package let standardOutput: [UInt8]
        /// The first bytes, up to the limit.
        package let standardError: [UInt8]

        /// Whether the child ended by itself with code 0.
        package var succeeded: Bool { status == .exited(0) }
    }

    package var command: Command
    package var standardInput: [UInt8]
    /// Bytes; a child that writes more is killed and the run fails.
    package var outputLimit: Int
    /// Bytes; what a child writes beyond is dropped.
    package var errorLimit: Int

    package init(
        _ command: Command,
        standardInput: [UInt8] = [],
        outputLimit: Int = 16 << 20,
        errorLimit: Int = 64 << 10
    ) {
        self.command = command
        self.standardInput = standardInput
        self.outputLimit = outputLimit
        self.errorLimit = errorLimit
    }

    /// Runs the child on a thread of its own and collects what it writes.
    ///
    /// When the child ends, the deadline passes or the task is cancelled, every process left in the child's
    /// group is killed and the child is reaped. A descendant that made a session of its own escapes this.
    /// - Throws: `SystemError.timedOut`, `.tooLong` or the reason why it could not start;
    /// `CancellationError`.
    package func run(until deadline: Deadline) async throws -> Output {
        try Task.checkCancellation()
        return try await onOwnThread("child") { cancelled in
            var supervision = try ChildSupervision(self)
            return try supervision.run(cancelled: cancelled, until: deadline)
        }
    }
}

/// The blocking life of one child: feeds it, reads it, and ends it in every case.
private struct ChildSupervision: ~Copyable {
    private let child: ChildProcess
    private let process: ProcessIdentity
    private let pidfd: OwnedDescriptor
    private var input: OwnedDescriptor
    private var output: OwnedDescriptor
    private var error: OwnedDescriptor
    private var written = 0
    private var outputBytes: [UInt8] = []
    private var errorBytes: [UInt8] = []

    init(_ child: ChildProcess) throws(SystemError) {
        let input = try Pipe()
        let output = try Pipe()
        let error = try Pipe()
        for end in [input.writing.raw, output.reading.raw, error.reading.raw] {
            _ = try checked(ag_set_nonblocking(end), "fcntl")
        }
        let process = try child.command.spawn(
            input: input.reading.raw,
            output: output.writing.raw,
            error: error.writing.raw
        )
        let opened = ag_pidfd_open(process.pid)
        // Without a descriptor there is no waiting: the child is given up, unreaped, in a process that has no
        // more.
        if opened < 0 { _ = ag_kill_group(process.pid, Signal.kill.rawValue) }
        self.pidfd = OwnedDescriptor(try checked(opened, "pidfd_open"))
        self.child = child
        self.process = process
        self.input = input.writing
        self.output = output.reading
        self.error = error.reading
    }

    mutating func run(cancelled: WakeUp, until deadline: Deadline) throws -> ChildProcess.Output {
        var failure: (any Error)?
        do { try supervise(cancelled: cancelled, until: deadline) } catch { failure = error }
        // Until it is reaped below, the leader keeps its number, so this reaches its own group and no other.
        _ = ag_kill_group(process.pid, Signal.kill.rawValue)
        _ = try poll([PollInterest(pidfd.raw, readable: true)], until: .after(.seconds(10)))
        let status = try exitStatus(pidfd.raw, reap: true)
        if let failure { throw failure }
        // What the pipes still hold is bounded by their capacity, 1 MiB at most.
        for _ in 0..<16 {
            try receiveOutput()
            try receiveError()
        }
        return ChildProcess.Output(
            status: status ?? .unknown,
            standardOutput: outputBytes,
            standardError: errorBytes
        )
    }

    /// Returns when the child has ended.
    private mutating func supervise(cancelled: WakeUp, until deadline: Deadline) throws {
        if child.standardInput.isEmpty { input = .none }
        while !deadline.isPast {
            let results = try poll(interests(cancelled), until: deadline)
            if results[1].isReady { throw CancellationError() }
            if results[2].isReady { try receiveOutput() }
            if results[3].isReady { try receiveError() }
            if input.raw >= 0 && results[4].isReady { feed() }
            if results[0].isReady { return }
        }
        throw SystemError(
            code: .timedOut,
            message: "The process was stopped at its deadline: \(child.command.executable)",
            call: "poll"
        )
    }

    // A closed pipe keeps its place.
    private func interests(_ cancelled: WakeUp) -> [PollInterest] {
        [
            PollInterest(pidfd.raw, readable: true), PollInterest(cancelled.fileDescriptor, readable: true),
            PollInterest(output.raw, readable: true), PollInterest(error.raw, readable: true),
            PollInterest(input.raw, writable: true),
        ]
    }

    private mutating func receiveOutput() throws(SystemError) {
        guard output.raw >= 0, let bytes = try readChunk(output.raw) else { return }
        if bytes.isEmpty { output = .none }
        outputBytes += bytes
        if outputBytes.count > child.outputLimit {
            throw SystemError(
                code: .tooLong,
                message: "More than \(child.outputLimit) bytes of output: \(child.command.executable)",
                call: "read"
            )
        }
    }

    private mutating func receiveError() throws(SystemError) {
        guard error.raw >= 0, let bytes = try readChunk(error.raw) else { return }
        if bytes.isEmpty { error = .none }
        errorBytes += bytes.prefix(max(0, child.errorLimit - errorBytes.count))
    }

    // A child that closes its input early is no error: it had enough.
    private mutating func feed() {
        let descriptor = input.raw
        let count = unsafe child.standardInput.withUnsafeBytes { bytes in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
            return unsafe ag_write(descriptor, rest.baseAddress, min(rest.count, 65_536))
        }
        if count > 0 { written += count }
        if written == child.standardInput.count || (count < 0 && count != -Int(EAGAIN)) { input = .none }
    }
}

/// Both ends of a pipe.
private struct Pipe: ~Copyable {
    let reading: OwnedDescriptor
    let writing: OwnedDescriptor

    init() throws(SystemError) {
        var ends: [Int32] = [-1, -1]
        _ = try checked(unsafe ag_pipe(&ends), "pipe2")
        reading = OwnedDescriptor(ends[0])
        writing = OwnedDescriptor(ends[1])
    }
}
