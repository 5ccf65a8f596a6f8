internal import Containers
internal import Domain
internal import Threads

/// The sandbox of one attempt, made when the first tool needs it, and the workspace it shares with the file
/// tools.
actor Workbench {
    /// Bytes that may be copied out of the sandbox to be pushed.
    static let bundleLimit = 256 << 20

    private let contract: Contract
    private let engine: SandboxEngine
    private let folder: AttemptFolder
    private let log: TaskLog
    private var sandbox: Sandbox?
    private var directory: WorkspaceDirectory?

    init(contract: Contract, engine: SandboxEngine, folder: AttemptFolder, log: TaskLog) {
        self.contract = contract
        self.engine = engine
        self.folder = folder
        self.log = log
    }

    /// Whether a tool has needed the sandbox yet.
    var isOpen: Bool { sandbox != nil }

    /// Makes the sandbox if there is none yet; called by one task at a time.
    ///
    /// - Throws: `AttemptFailure`, since no tool can do without it.
    func open() async throws {
        guard sandbox == nil else { return }
        do {
            let made = try await engine.create(try specification())
            sandbox = made
            directory = try WorkspaceDirectory(
                opening: folder.workspace,
                owner: made.owner,
                isReadOnly: made.spec.readOnlyWorkspace
            )
            record(made)
        } catch { throw AttemptFailure(error, during: "making the sandbox") }
        try await requireCommands()
        for command in contract.sandbox.bootstrap { try await prepare("bootstrap", command) }
        for command in contract.workspace?.spec.setup ?? [] {
            if contract.isReadOnly {
                // It is there to write, which nothing can here.
                log.add(.sandbox, "setup is left out, since the workspace is only read: \(command)")
            } else {
                try await prepare("setup", command)
            }
        }
    }

    /// The workspace as file tools reach it.
    func files() throws -> WorkspaceDirectory {
        guard let directory else { throw AttemptFailure(.infrastructure, "There is no workspace") }
        return directory
    }

    /// Runs a command in the sandbox.
    func run(_ request: ExecRequest) async throws -> ExecResult {
        guard let sandbox else { throw AttemptFailure(.infrastructure, "There is no sandbox") }
        return try await engine.exec(sandbox, request)
    }

    /// Takes the sandbox away; what runs in it ends.
    func close() async {
        guard let made = sandbox else { return }
        (sandbox, directory) = (nil, nil)
        await engine.destroy(made)
    }

    private func specification() throws -> SandboxSpec {
        let identity = contract.identity
        let profile = contract.sandbox
        guard profile.engine != .docker, profile.image == nil else {
            throw Failure(
                .unsupported,
                "The engine `\(engine.name)` cannot run the image of this RuntimeProfile"
            )
        }
        var environment: [String: String] = [:]
        for variable in profile.env { environment[variable.name] = variable.value ?? "" }
        return SandboxSpec(
            name: identity.attemptUID.text,
            workspace: folder.workspace,
            labels: [
                LiveLabel.task: identity.taskUID.text,
                LiveLabel.workflow: identity.workflowUID.text,
            ],
            resources: try .init(profile.resources),
            network: profile.network.default == .allow ? .allow : .deny,
            environment: environment,
            readOnlyWorkspace: contract.isReadOnly,
            timeLimit: .milliseconds(contract.limits.timeoutMilliseconds) + .seconds(60)
        )
    }

    private func record(_ sandbox: Sandbox) {
        let limits = engine.limits(sandbox).map { report in
            (
                report.limit.rawValue,
                Value.string("\(report.enforced ? "enforced" : "not enforced"): \(report.how)")
            )
        }
        log.add(
            .sandbox,
            "the sandbox is made",
            ["engine": .string(engine.name), "limits": .object(Dictionary(limits) { first, _ in first })]
        )
    }

    private func requireCommands() async throws {
        let commands = contract.sandbox.requiredCommands
        guard !commands.isEmpty else { return }
        let script = "for name; do command -v \"$name\" >/dev/null 2>&1 || echo \"$name\"; done"
        let result = try await run(
            ExecRequest(["/bin/sh", "-c", script, "sh"] + commands, timeout: .seconds(30), outputLimit: 4096)
        )
        let missing = result.standardOutput.text.split(separator: "\n").joined(separator: ", ")
        guard result.succeeded, missing.isEmpty else {
            throw AttemptFailure(
                .infrastructure,
                "The sandbox lacks commands its RuntimeProfile requires: \(missing)"
                    + result.standardError.text
            )
        }
    }

    private func prepare(_ stage: String, _ command: String) async throws {
        let result = try await run(ExecRequest(["/bin/sh", "-c", command], timeout: .seconds(600)))
        log.add(.sandbox, "\(stage): \(command)", ["exitCode": .integer(Int64(result.exitCode))])
        guard result.succeeded else {
            throw AttemptFailure(
                .infrastructure,
                "The \(stage) command `\(command)` failed with code \(result.exitCode): "
                    + result.standardError.text.complaint
            )
        }
    }
}

extension Workbench {
    /// What the sandbox's branch holds beyond `start`, copied out as a bundle; nil when it holds nothing new.
    ///
    /// Says in the log what the agent left uncommitted or committed elsewhere; nothing is committed in its
    /// place.
    func bundle(branch: String, since start: CommitID) async throws -> [UInt8]? {
        guard isOpen else { return nil }
        let script = """
            tip=$(git rev-parse --verify -q "refs/heads/$BRANCH^{commit}")
            [ -n "$tip" ] || { echo "the branch $BRANCH is gone" >&2; exit 1; }
            git status --porcelain | head -c 4000
            [ "$tip" = "$START" ] && exit 10
            git bundle create --quiet /workspace/branch.bundle "refs/heads/$BRANCH" "^$START" || exit 1
            """
        let result = try await run(
            ExecRequest(
                ["/bin/sh", "-c", script],
                environment: ["BRANCH": branch, "START": start.text],
                timeout: .seconds(180),
                outputLimit: 16 << 10
            )
        )
        try await tellOthers(than: branch)
        let uncommitted = result.standardOutput.text
        if !uncommitted.isEmpty {
            log.add(
                .workspace,
                "changes were left uncommitted and are not kept",
                ["files": .string(uncommitted)]
            )
        }
        if result.exitCode == 10, !result.timedOut { return nil }
        guard result.succeeded else {
            throw AttemptFailure(
                .capture,
                "The branch `\(branch)` could not be taken out of the sandbox: "
                    + result.standardError.text.complaint
            )
        }
        let directory = try files()
        // On a thread of its own, since it may be large and a disk slow.
        let slice = try await onOwnThread("bundle") { _ in
            try directory.read(try WorkspacePath("branch.bundle"), limit: Self.bundleLimit)
        }
        guard slice.isAtEnd else {
            throw AttemptFailure(.capture, "What was committed is larger than \(Self.bundleLimit >> 20) MiB")
        }
        return slice.bytes
    }

    /// Says in the log which commits of the sandbox are not on the branch that is taken out.
    private func tellOthers(than branch: String) async throws {
        let command = ["git", "log", "--source", "--format=%h %S: %s", "--branches", "HEAD", "--not"]
        let result = try await run(
            ExecRequest(command + ["refs/heads/\(branch)"], timeout: .seconds(60), outputLimit: 4 << 10)
        )
        // Without the branch, or a commit at HEAD, there is an error; and nobody to tell of other commits.
        guard result.succeeded, result.standardOutput.total > 0 else { return }
        log.add(
            .workspace,
            "commits beside the branch \(branch) are not kept",
            ["commits": .string(result.standardOutput.text)]
        )
    }
}
