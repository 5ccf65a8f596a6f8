internal import Containers
internal import Domain

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
        let incoming = try WorkspaceDirectory(opening: mirror.folder.incoming)
        try incoming.write(try WorkspacePath("branch.bundle"), bundle, mode: 0o600)
        let commit = try await mirror.takeIn(from: start)
        try await announce(commit)
        try await push(commit)
        log.add(
            .workspace,
            "pushed \(commit.short) to \(mirror.workspace.branch)",
            ["commit": .string(commit.text), "from": .string(start.text)]
        )
        return commit
    }

    private func push(_ commit: CommitID) async throws {
        let expected = mirror.workspace.head
        let pushed = try await mirror.push(commit.text, expecting: expected)
        if pushed.succeeded { return }
        // The reply may be lost although the push was done, so the branch itself says what happened.
        let tip = try await mirror.remoteTip()
        if tip == commit { return }
        guard tip == expected else { throw mirror.unexpected(tip) }
        throw AttemptFailure(
            mirror.remote.localPath == nil ? .network : .capture,
            "The branch `\(mirror.workspace.branch)` could not be pushed: \(pushed.error.lastLines)"
        )
    }
}
