internal import Containers
internal import Domain
internal import Logging
internal import Outbound
internal import Synchronization
internal import Threads
internal import WorkerProtocol

/// The work of one attempt, and what it leaves to be taken away.
final class LiveAttempt: Sendable {
    /// How the work ends.
    enum Ending: Sendable {
        case completed(Handoff, CommitID?)
        case parked
        case failed(AttemptFailure)
        /// The control plane does not want this attempt any more.
        case discarded
    }

    let contract: Contract
    let meter: Meter
    private let door: WorkerDoor
    private let engine: SandboxEngine
    private let clock: Timepiece
    private let parent: String
    private let log: TaskLog
    private let control: AttemptControl
    private let makeModel: @Sendable (Contract) throws -> Model
    private let remains = Mutex<(folder: AttemptFolder?, workbench: Workbench?)>((nil, nil))

    init(
        contract: Contract,
        door: WorkerDoor,
        engine: SandboxEngine,
        clock: Timepiece,
        folder: String,
        log: TaskLog,
        control: AttemptControl,
        meter: Meter,
        model: @escaping @Sendable (Contract) throws -> Model
    ) {
        self.contract = contract
        self.meter = meter
        self.door = door
        self.engine = engine
        self.clock = clock
        parent = folder
        self.log = log
        self.control = control
        makeModel = model
    }

    /// Does the work; every error becomes an ending.
    func run() async -> Ending {
        var stage = "begin"
        do {
            try await retrying { _ = try await self.door.begin(BeginRequest(proof: self.control.proof)) }
            stage = "model"
            let model = try makeModel(contract)
            announceStart(model)
            stage = "workspace"
            let folder = try await makeFolder()
            remains.withLock { $0.folder = folder }
            let (mirror, start) = try await prepareWorkspace(folder)
            let workbench = Workbench(contract: contract, engine: engine, folder: folder, log: log)
            remains.withLock { $0.workbench = workbench }
            stage = "loop"
            guard case .handedOff(let handoff) = try await loop(model, workbench).run() else {
                return .parked
            }
            stage = "capture"
            return .completed(handoff, try await capture(mirror, workbench, start))
        } catch let failure as Failure where stage == "begin" && !failure.isTransient {
            log.add(.runtime, "the attempt may not begin", ["error": .string(failure.description)])
            return .discarded
        } catch {
            return .failed(AttemptFailure(error, during: stage))
        }
    }

    /// Takes sandbox and files away; a sweep at the next start finds what this could not remove.
    func cleanUp(_ logger: Logger) async {
        let (folder, workbench) = remains.withLock { $0 }
        await workbench?.close()
        do { try await onOwnThread("attempt-end") { _ in try folder?.remove() } } catch {
            logger.warning("files of an attempt were not removed", metadata: ["error": "\(error)"])
        }
    }

    private func announceStart(_ model: Model) {
        let identity = contract.identity
        log.add(
            .runtime,
            "the attempt begins",
            [
                "role": .string(identity.role), "stage": .string(identity.stage),
                "revision": .integer(Int64(identity.revision)),
                "attempt": .integer(Int64(identity.attemptNumber)),
                "provider": .string(model.label), "scripted": .bool(model.label == "scripted"),
            ]
        )
        let known = Set(Toolbox.catalogue.map(\.name))
        let unknown = contract.tools.filter { !known.contains($0) }
        if !unknown.isEmpty { log.add(.runtime, "tools are not known here", ["tools": .strings(unknown)]) }
    }

    // File work has threads of its own here: a slow disk would hold up every other attempt of the process.
    private func makeFolder() async throws -> AttemptFolder {
        let (parent, attempt) = (parent, contract.identity.attemptUID)
        return try await onOwnThread("attempt-begin") { _ in
            try AttemptFolder(below: parent, attempt: attempt)
        }
    }

    /// Fills the folder that becomes `/workspace`; answers where capture starts from, for a git workspace.
    private func prepareWorkspace(_ folder: AttemptFolder) async throws -> (GitMirror?, CommitID?) {
        let mirror = try gitMirror(folder)
        try await onOwnThread("attempt-files") { [self] _ in
            if let owner = mirror?.owner { try folder.give(to: owner) }
            try writeFiles(try WorkspaceDirectory(opening: folder.path, owner: mirror?.owner))
        }
        guard let mirror else { return (nil, nil) }
        let start = try await mirror.fetchStart()
        try await mirror.checkOut()
        log.add(
            .workspace,
            "the repository is at \(start.short)",
            ["branch": .string(mirror.workspace.branch)]
        )
        return (mirror, start)
    }

    private func gitMirror(_ folder: AttemptFolder) throws -> GitMirror? {
        guard let workspace = contract.workspace, workspace.spec.type != .artifact else { return nil }
        guard workspace.spec.type == .git else {
            throw Failure(
                .unsupported,
                "This runtime has no workspaces of type \(workspace.spec.type.rawValue) yet"
            )
        }
        return try GitMirror(folder: folder, workspace: workspace, clock: clock)
    }

    private func writeFiles(_ files: WorkspaceDirectory) throws {
        // Upload-pack and receive-pack read no command line; this reaches them.
        try files.write(
            try WorkspacePath("home/.gitconfig"),
            Array("[safe]\n\tdirectory = *\n".utf8),
            mode: 0o600
        )
        try files.write(try WorkspacePath("workspace/context/task.md"), Array(contract.brief.utf8))
        let predecessors = try Value(encoding: contract.predecessors)
        try files.write(
            try WorkspacePath("workspace/context/predecessors.json"),
            Array(predecessors.prettyJSON.utf8)
        )
        for document in contract.documents {
            try files.write(try WorkspacePath("workspace/\(document.path)"), Array(document.text.utf8))
        }
    }

    private func loop(_ model: Model, _ workbench: Workbench) -> ReactiveLoop {
        let desk = HandoffDesk()
        let dispatcher = ToolDispatcher(
            toolbox: Toolbox(for: contract),
            context: ToolContext(contract: contract, workbench: workbench, desk: desk),
            meter: meter,
            log: log,
            clock: clock
        )
        let control = control
        return ReactiveLoop(
            contract: contract,
            model: model,
            dispatcher: dispatcher,
            desk: desk,
            meter: meter,
            log: log,
            clock: clock,
            mustPark: { control.mustPark }
        )
    }

    /// What is only read is not pushed: it stays as it was.
    private func capture(
        _ mirror: GitMirror?,
        _ workbench: Workbench,
        _ start: CommitID?
    ) async throws -> CommitID? {
        guard let mirror, let start, !contract.isReadOnly else { return nil }
        let capture = Capture(mirror: mirror, workbench: workbench, log: log) { commit in
            try await self.retrying {
                _ = try await self.door.announce(AnnounceRequest(proof: self.control.proof, commit: commit))
            }
        }
        return try await capture.run(from: start)
    }

    /// Asks the control plane again when nobody answered: ten times, which takes about half a minute.
    private func retrying(_ call: () async throws -> Void) async throws {
        var budget = RetryBudget(maximumAttempts: 10, base: .milliseconds(200), cap: .seconds(5))
        while true {
            do { return try await call() } catch let failure as Failure where failure.isTransient {
                guard let pause = budget.pause(random: 1) else { throw failure }
                try await clock.sleep(pause)
            }
        }
    }
}
