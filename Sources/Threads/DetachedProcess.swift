internal import CLinux

/// A process in a session of its own that may outlive its parent.
package struct DetachedProcess: Sendable {
    /// Where an output stream goes.
    package enum Output: Sendable {
        /// Nowhere.
        case null
        /// To the end of this file, which is made with mode 0600 when it is missing.
        case file(String)
        /// To an open descriptor, which stays the caller's.
        case descriptor(Int32)
    }

    package var command: Command
    package var output: Output
    package var errorOutput: Output

    package init(_ command: Command, output: Output = .null, errorOutput: Output = .null) {
        self.command = command
        self.output = output
        self.errorOutput = errorOutput
    }

    /// Starts the process with an empty standard input.
    ///
    /// Whoever starts it awaits its end with `waitForExit`, or it stays a zombie until the parent ends.
    /// - Throws: `SystemError` of the program, the folder or an output file; nothing runs then.
    package func start() throws(SystemError) -> ProcessIdentity {
        let null = OwnedDescriptor(try checked(unsafe ag_open("/dev/null", O_RDWR, 0), "open", "/dev/null"))
        let outputFile = try Target(output, null: null.raw)
        let errorFile = try Target(errorOutput, null: null.raw)
        return try command.spawn(
            input: null.raw,
            output: outputFile.descriptor,
            error: errorFile.descriptor
        )
    }

    /// Waits for the end of a process, ours or not, and reaps it when it is our child.
    ///
    /// *Cancellation*: ends the wait and leaves the process as it is.
    /// - Returns: nil when it still runs at the deadline.
    /// - Throws: `CancellationError`, or `SystemError` when there is no thread or descriptor left.
    package static func waitForExit(
        _ process: ProcessIdentity,
        until deadline: Deadline
    ) async throws -> ExitStatus? {
        try await onOwnThread("wait-exit") { cancelled in
            guard let pidfd = try process.openPidfd() else { return .unknown }
            let ready = try poll(
                [
                    PollInterest(pidfd.raw, readable: true),
                    PollInterest(cancelled.fileDescriptor, readable: true),
                ],
                until: deadline
            )
            if ready[0].isReady { return try exitStatus(pidfd.raw, reap: true) }
            if ready[1].isReady { throw CancellationError() }
            return nil
        }
    }
}

/// The open descriptor of an output, closed afterwards if it was opened here.
private struct Target: ~Copyable {
    let descriptor: Int32
    private let opened: OwnedDescriptor

    init(_ output: DetachedProcess.Output, null: Int32) throws(SystemError) {
        switch output {
        case .null:
            descriptor = null
            opened = .none
        case .descriptor(let given):
            descriptor = given
            opened = .none
        case .file(let path):
            opened = OwnedDescriptor(try checked(unsafe ag_open_append(path), "open", path))
            descriptor = opened.raw
        }
    }
}
