internal import Containers
internal import Domain
internal import Threads

/// Brings what an agent committed from the sandbox to the run's branch at the remote.
struct Capture: Sendable {
    let mirror: GitMirror
    let workbench: Workbench
    let log: TaskLog
    /// Tells the control plane which commit is about to be pushed, so that a crash between the two is known.
    let announce: @Sendable (CommitID) async throws -> Void

    /// Pushes new commits and answers the new head; nil when there is nothing new.
    ///
    /// The push goes through only while the branch stands where the run's record says, so of two runtimes
    /// that both believe the task is theirs one alone can push.
    /// - Throws: `AttemptFailure`, of category capture when the branch was moved or the commits were refused.
    func run(from start: CommitID) async throws -> CommitID? {
        guard let bundle = try await workbench.bundle(branch: mirror.workspace.branch, since: start) else {
            return nil
        }
        let mirror = mirror
        // On a thread of its own, since a bundle may be large and a disk slow.
        try await onOwnThread("capture") { _ in
            let incoming = try WorkspaceDirectory(opening: mirror.folder.incoming, owner: mirror.owner)
            try incoming.write(try WorkspacePath("branch.bundle"), bundle, mode: 0o600)
        }
        let commit = try await mirror.takeIn(from: start)
        try await announce(commit)
        let tip = try await mirror.push(commit, expecting: mirror.workspace.head)
        guard tip == commit else { throw mirror.unexpected(tip) }
        log.add(
            .workspace,
            "pushed \(commit.short) to \(mirror.workspace.branch)",
            ["commit": .string(commit.text), "from": .string(start.text)]
        )
        return commit
    }
}
