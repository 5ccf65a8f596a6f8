internal import Domain

/// What makes sandboxes, runs commands in them and takes them away again.
///
/// A struct of closures, since an engine may be bubblewrap on this host or a container engine behind a
/// socket.
package struct SandboxEngine: Sendable {
    /// What people call the engine, such as `local`.
    package let name: String
    /// Makes a sandbox.
    ///
    /// Throws `Failure`: `invalid`, `alreadyExists`, `exhausted`, `unsupported`,
    /// `forbidden`.
    package let create: @Sendable (SandboxSpec) async throws -> Sandbox
    /// Runs one command to its end; nothing of it is left afterwards but files.
    ///
    /// A command that fails, is
    /// killed or runs too long is a result. Throws `Failure` when it could not run, and `CancellationError`.
    package let exec: @Sendable (Sandbox, ExecRequest) async throws -> ExecResult
    /// Ends what runs and removes the sandbox but not its workspace; of one that is gone, does nothing.
    package let destroy: @Sendable (Sandbox) async -> Void
    /// Which limits hold, and how; one report for each ``LimitReport/Limit``, in its order.
    package let limits: @Sendable (Sandbox) -> [LimitReport]
    /// Removes what earlier processes left behind, except the named sandboxes and those of living processes.
    ///
    /// Answers the names of what it removed, sorted.
    package let sweep: @Sendable (_ keeping: Set<String>) async throws -> [String]

    package init(
        name: String,
        create: @escaping @Sendable (SandboxSpec) async throws -> Sandbox,
        exec: @escaping @Sendable (Sandbox, ExecRequest) async throws -> ExecResult,
        destroy: @escaping @Sendable (Sandbox) async -> Void,
        limits: @escaping @Sendable (Sandbox) -> [LimitReport],
        sweep: @escaping @Sendable (_ keeping: Set<String>) async throws -> [String]
    ) {
        self.name = name
        self.create = create
        self.exec = exec
        self.destroy = destroy
        self.limits = limits
        self.sweep = sweep
    }
}

/// A sandbox that an engine has made.
package struct Sandbox: Sendable, Hashable {
    package let spec: SandboxSpec
    /// Whom the host takes the sandbox's processes for, and so the owner of its files; nil when it is
    /// ourselves.
    package let owner: FileOwner?

    package init(spec: SandboxSpec, owner: FileOwner?) {
        self.spec = spec
        self.owner = owner
    }

    package var name: String { spec.name }
}

/// The user and group of a file on the host.
package struct FileOwner: Sendable, Hashable {
    package let userID: UInt32
    package let groupID: UInt32

    package init(userID: UInt32, groupID: UInt32) {
        self.userID = userID
        self.groupID = groupID
    }
}

/// One command to run in a sandbox.
package struct ExecRequest: Sendable, Hashable {
    /// The program, looked up on the sandbox's PATH unless it holds a slash, and its arguments.
    ///
    /// Never empty.
    package var command: [String]
    /// A path inside.
    package var workingDirectory: String
    /// Added to the sandbox's.
    package var environment: [String: String]
    package var standardInput: [UInt8]
    package var timeout: Duration
    /// Bytes kept of each stream: the first half and the last half of what was written.
    package var outputLimit: Int

    package init(
        _ command: [String],
        workingDirectory: String = "/workspace/repo",
        environment: [String: String] = [:],
        standardInput: [UInt8] = [],
        timeout: Duration = .seconds(300),
        outputLimit: Int = 256 << 10
    ) {
        self.command = command
        self.workingDirectory = workingDirectory
        self.environment = environment
        self.standardInput = standardInput
        self.timeout = timeout
        self.outputLimit = outputLimit
    }
}

/// How a command ended and what it wrote.
package struct ExecResult: Sendable, Hashable {
    /// As a shell tells it: 128 + n after signal n, 127 when there is no such program.
    package let exitCode: Int32
    /// The command was killed because its time, or that of the sandbox, was over.
    package let timedOut: Bool
    /// The limit for whose sake the command was killed.
    package let exceeded: LimitReport.Limit?
    package let standardOutput: CapturedStream
    package let standardError: CapturedStream
    package let duration: Duration

    package init(
        exitCode: Int32,
        timedOut: Bool = false,
        exceeded: LimitReport.Limit? = nil,
        standardOutput: CapturedStream = CapturedStream(limit: 0),
        standardError: CapturedStream = CapturedStream(limit: 0),
        duration: Duration = .zero
    ) {
        self.exitCode = exitCode
        self.timedOut = timedOut
        self.exceeded = exceeded
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.duration = duration
    }

    /// The signal that ended the command, or that it claims by an exit code above 128.
    package var signal: Int32? { (129...192).contains(exitCode) ? exitCode - 128 : nil }
    /// Whether the command ended by itself with code 0.
    package var succeeded: Bool { exitCode == 0 && !timedOut && exceeded == nil }
}

/// What an engine says about one limit of one sandbox.
package struct LimitReport: Sendable, Hashable {
    /// What can be limited.
    package enum Limit: String, Sendable, Hashable, CaseIterable {
        case cpu, memory, disk, pids, time, network, output
        case systemCalls = "system_calls"
    }

    package let limit: Limit
    /// Whether a hostile process cannot get beyond it; false also where no limit was asked for.
    package let enforced: Bool
    /// One sentence: by what means, or what is missing.
    package let how: String

    package init(limit: Limit, enforced: Bool, how: String) {
        self.limit = limit
        self.enforced = enforced
        self.how = how
    }
}
