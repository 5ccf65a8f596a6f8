internal import CLinux
internal import Domain
internal import Logging
internal import Threads

/// The live sandboxes of this process: bookkeeping alone, everything that blocks has a thread of its own.
actor LocalSandboxes {
    private final class Live: Sendable {
        let sandbox: Sandbox
        let activity: SandboxActivity
        let lease: UserIDLease?

        init(sandbox: Sandbox, activity: SandboxActivity, lease: UserIDLease?) {
            self.sandbox = sandbox
            self.activity = activity
            self.lease = lease
        }
    }

    private struct Entry {
        /// Nil while the sandbox is being made.
        var live: Live?
        var running = 0
        var isEnding = false
        /// Resumed when the last exec has ended, and when the sandbox is gone.
        var awaitingIdle: CheckedContinuation<Void, Never>?
        var awaitingEnd: [CheckedContinuation<Void, Never>] = []
    }

    private let settings: LocalEngineSettings
    private let logger: Logger
    private var entries: [String: Entry] = [:]
    private var nextExec = 0

    init(settings: LocalEngineSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    func create(_ spec: SandboxSpec) async throws -> Sandbox {
        try spec.validate()
        guard entries[spec.name] == nil else {
            throw Failure(.alreadyExists, "There is a sandbox named `\(spec.name)` already")
        }
        entries[spec.name] = Entry()
        do {
            let settings = settings
            let live = try await onOwnThread("sandbox-make") { _ in try Self.make(spec, settings) }
            entries[spec.name]?.live = live
            return live.sandbox
        } catch {
            entries[spec.name] = nil
            throw error
        }
    }

    private static func make(_ spec: SandboxSpec, _ settings: LocalEngineSettings) throws -> Live {
        try settings.prepare()
        let lease = try settings.users.map { try $0.lease() }
        let owner = lease.map { FileOwner(userID: $0.userID, groupID: $0.userID) }
        let folder = settings.folder(of: spec.name)
        try folder.make(owner: owner)
        do {
            if let owner {
                try requireEnterable(spec.workspace)
                try requireEnterable(folder.layout.temporary)
                if !spec.readOnlyWorkspace { try changeOwner(ofTreeAt: spec.workspace, to: owner) }
            }
            let activity = try SandboxActivity(deadline: .after(spec.timeLimit))
            return Live(sandbox: Sandbox(spec: spec, owner: owner), activity: activity, lease: lease)
        } catch {
            try? folder.remove()  // the first error is the one that matters; a sweep tries again
            throw error
        }
    }

    func exec(_ sandbox: Sandbox, _ request: ExecRequest) async throws -> ExecResult {
        guard let entry = entries[sandbox.name], let live = entry.live, !entry.isEnding else {
            throw Failure(.notFound, "There is no sandbox named `\(sandbox.name)`")
        }
        guard entry.running < settings.execsPerSandbox else {
            throw Failure(
                .exhausted,
                "\(entry.running) commands run in the sandbox `\(sandbox.name)` already"
            )
        }
        let plan = try plan(live, request)
        entries[sandbox.name]?.running += 1
        defer { finished(sandbox.name) }
        let layout = settings.folder(of: sandbox.name).layout
        return try await onOwnThread("sandbox-exec") { cancelled in
            defer { plan.files.remove() }
            let options = bwrapArguments(live.sandbox.spec, layout, plan.request)
            try makeFile(plan.files.arguments, options.map { $0 + "\0" }.joined(), mode: 0o600)
            var exec = try SupervisedExec(plan)
            return try exec.run(cancelled: cancelled)
        }
    }

    private func plan(_ live: Live, _ request: ExecRequest) throws -> SupervisedExec.Plan {
        guard !request.command.isEmpty, request.outputLimit >= 0, request.timeout > .zero else {
            throw Failure(.invalid, "A command needs a program, a time and a limit of output")
        }
        guard request.workingDirectory.hasPrefix("/"), !request.workingDirectory.utf8.contains(0) else {
            throw Failure(.invalid, "`\(request.workingDirectory)` is not an absolute path")
        }
        try validateEnvironment(request.environment)
        guard !live.activity.deadline.isPast else {
            throw Failure(.timeout, "The time of the sandbox `\(live.sandbox.name)` is over")
        }
        let spec = live.sandbox.spec
        let bubblewrap = [settings.bubblewrap, "--args", "3", "--json-status-fd", "4", "--"]
        nextExec += 1
        let begin = ContinuousClock.now
        return SupervisedExec.Plan(
            words: hostPrefix(spec, owner: live.sandbox.owner) + bubblewrap + request.command,
            files: ExecFiles(settings.folder(of: spec.name).layout, number: nextExec),
            request: request,
            begin: begin,
            deadline: min(.after(request.timeout, now: begin), live.activity.deadline),
            isNested: live.sandbox.owner != nil,
            memoryLimit: spec.resources.memory?.bytes,
            processLimit: live.sandbox.owner == nil ? spec.resources.pids : nil,
            activity: live.activity
        )
    }

    private func finished(_ name: String) {
        entries[name]?.running -= 1
        guard let entry = entries[name], entry.running == 0 else { return }
        entries[name]?.awaitingIdle = nil
        entry.awaitingIdle?.resume()
    }

    func destroy(_ sandbox: Sandbox) async {
        let name = sandbox.name
        guard let entry = entries[name], let live = entry.live else { return }
        if entry.isEnding {
            await withCheckedContinuation { entries[name]?.awaitingEnd.append($0) }
            return
        }
        entries[name]?.isEnding = true
        live.activity.ended.signal()
        if entry.running > 0 {
            // An exec that is told to end does so in bounded time, see SupervisedExec.
            await withCheckedContinuation { entries[name]?.awaitingIdle = $0 }
        }
        let folder = settings.folder(of: name)
        do {
            try await onOwnThread("sandbox-end") { _ in
                try live.lease?.killProcesses()
                try folder.remove()
                live.lease?.giveBack()
            }
        } catch {
            logger.warning(
                "a sandbox was not removed completely",
                metadata: ["sandbox": "\(name)", "error": "\(error)"]
            )
        }
        let waiting = entries.removeValue(forKey: name)?.awaitingEnd ?? []
        for continuation in waiting { continuation.resume() }
    }

    /// The sandboxes that a sweep must leave alone.
    var names: Set<String> { Set(entries.keys) }
}
