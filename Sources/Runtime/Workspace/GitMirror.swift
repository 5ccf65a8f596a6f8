internal import Containers
internal import Domain
internal import Outbound
internal import Threads

/// The repository between a remote and the sandbox of one attempt; the sandbox never sees the remote.
struct GitMirror: Sendable {
    static let mirror = "/mirror"
    static let start = "refs/agirunner/start"
    static let result = "refs/agirunner/result"

    let folder: AttemptFolder
    let workspace: Contract.Workspace
    let remote: RemoteURL
    let clock: Timepiece
    /// Whom the repository belongs to, when it lies on this host and is somebody else's: git is then that
    /// user, to whom the attempt's folder must be given before git runs.
    let owner: FileOwner?
    private let git: GitProcess

    /// The mirror of a git workspace.
    ///
    /// - Throws: `Failure.invalid` for a workspace without a usable URL.
    init(folder: AttemptFolder, workspace: Contract.Workspace, clock: Timepiece) throws {
        guard let url = workspace.spec.url else {
            throw Failure(.invalid, "The workspace `\(workspace.name)` has no url")
        }
        guard isBranchName(workspace.branch), isBranchName(workspace.spec.branch) else {
            throw Failure(
                .invalid,
                "`\(workspace.branch)` or `\(workspace.spec.branch)` is not the name of a branch"
            )
        }
        self.folder = folder
        self.workspace = workspace
        self.clock = clock
        remote = try RemoteURL(url)
        // It is mounted where it stands, which must be where it seems to stand.
        if let path = remote.localPath, path.split(separator: "/").contains("..") {
            throw Failure(.invalid, "`\(path)` is not a plain absolute path")
        }
        var mounts: [GitProcess.Mount] = [
            .init(source: folder.mirror, destination: Self.mirror),
            .init(source: folder.staging, destination: "/staging"),
            .init(source: folder.incoming, destination: "/incoming"),
        ]
        if let path = remote.localPath { mounts.append(.init(source: path, destination: path)) }
        owner = remote.localPath.flatMap(foreignOwner)
        git = GitProcess(
            home: folder.home,
            mounts: mounts,
            hasNetwork: remote.localPath == nil,
            user: owner
        )
    }

    var branchReference: String { "refs/heads/\(workspace.branch)" }

    /// Brings the commit that the attempt starts from, after the branch was set back if a lost attempt had
    /// moved it.
    ///
    /// - Throws: `AttemptFailure`: capture when somebody else moved the branch, network or infrastructure.
    func fetchStart() async throws -> CommitID {
        if let path = remote.localPath, !exists(path) {
            throw AttemptFailure(
                .infrastructure,
                "The repository \(path) of workspace `\(workspace.name)` could not be found"
            )
        }
        _ = try await git.expect(["init", "--quiet", "--bare", "--template=", "."], in: Self.mirror)
        var budget = RetryBudget(maximumAttempts: remote.localPath == nil ? 5 : 1, base: .seconds(2))
        while true {
            do { return try await fetchOnce() } catch let failure as AttemptFailure
                where failure.category == .network
            {
                guard let pause = budget.pause(random: 1) else { throw failure }
                try await clock.sleep(pause)
            }
        }
    }

    private func fetchOnce() async throws -> CommitID {
        // Another attempt of the run may set the branch back at the same moment; then it is looked at again.
        for look in 1...3 {
            let tip = try await remoteTip()
            if tip == workspace.head { break }
            guard let tip, workspace.abandoned.contains(tip) else { throw unexpected(tip) }
            do { try await setBack(from: tip) } catch let failure as AttemptFailure
                where failure.category == .capture && look < 3
            {}
        }
        let source = workspace.head == nil ? "refs/heads/\(workspace.spec.branch)" : branchReference
        let fetched = try await git.run(
            [
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", remote.secretText,
                "+\(source):\(Self.start)",
            ],
            in: Self.mirror,
            timeout: .seconds(600)
        )
        guard fetched.succeeded else { throw unreachable("fetched", fetched) }
        let start = CommitID(
            try await git.expect(["rev-parse", "\(Self.start)^{commit}"], in: Self.mirror).trimmed
        )
        guard workspace.head == nil || workspace.head == start else { throw unexpected(start) }
        return start
    }

    /// Where the run's branch stands at the remote; nil when there is none.
    func remoteTip() async throws -> CommitID? {
        let listed = try await git.run(["ls-remote", remote.secretText, branchReference], in: Self.mirror)
        guard listed.succeeded else { throw unreachable("listed", listed) }
        let lines = listed.output.split(separator: "\n").map { $0.split(separator: "\t") }
        let line = lines.first { $0.count == 2 && $0[1] == branchReference }
        return line.map { CommitID(String($0[0])) }
    }

    /// Moves the branch from what a lost attempt pushed to the run's recorded head, or away when there is
    /// none.
    private func setBack(from tip: CommitID) async throws {
        if workspace.head != nil {
            let fetched = try await git.run(
                [
                    "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", remote.secretText,
                    branchReference,
                ],
                in: Self.mirror,
                timeout: .seconds(600)
            )
            guard fetched.succeeded else { throw unreachable("fetched", fetched) }
        }
        _ = try await push(workspace.head, expecting: tip)
    }

    /// Moves the remote's branch to a commit (to nowhere when nil), if it stands where it is expected; nil
    /// expects that there is none.
    ///
    /// Answers where the branch stands then, which may be where another one has moved it.
    /// `--force-with-lease=REF:OLD` is git's compare-and-swap: the server refuses unless the branch stands at
    /// OLD. That it also lets a branch go back is wanted when a lost attempt's push is undone; everything
    /// else is checked to be a descendant before, so work of somebody else is never pushed away.
    /// - Throws: `AttemptFailure` with what the remote said, when it is there and the branch did not move.
    func push(_ commit: CommitID?, expecting old: CommitID?) async throws -> CommitID? {
        let reason: String
        do {
            let pushed = try await git.run(
                ["push", "--quiet", "--no-verify"]
                    + (remote.localPath == nil ? [] : ["--receive-pack=\(GitProcess.receivePack)"]) + [
                        "--force-with-lease=\(branchReference):\(old?.text ?? "")", remote.secretText,
                        "\(commit?.text ?? ""):\(branchReference)",
                    ],
                in: Self.mirror,
                timeout: .seconds(600)
            )
            if pushed.succeeded { return commit }
            reason = pushed.error.complaint
        } catch let error as SystemError where error.code == .timedOut {
            reason = "\(error)"
        }
        // The reply may be lost although the push was done, so the branch itself says what happened.
        let tip = try await remoteTip()
        guard tip == old, tip != commit else { return tip }
        throw AttemptFailure(
            remote.localPath == nil ? .network : .capture,
            "The branch `\(workspace.branch)` could not be pushed: \(reason)"
        )
    }

    /// Makes the sandbox's repository: the run's branch checked out, no remote, nobody's credentials.
    func checkOut() async throws {
        let inside = GitProcess(
            home: folder.home,
            mounts: [
                .init(source: folder.mirror, destination: Self.mirror),
                .init(source: folder.workspace, destination: "/workspace"),
            ],
            hasNetwork: false,
            user: owner
        )
        let repository = "/workspace/repo"
        let author = workspace.author
        for arguments in [
            ["init", "--quiet", "--template=", "--initial-branch=\(workspace.branch)", "."],
            ["config", "user.name", author.name], ["config", "user.email", author.email],
            [
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--update-head-ok", Self.mirror,
                "\(Self.start):\(branchReference)",
            ],
            ["reset", "--quiet", "--hard", branchReference],
        ] {
            _ = try await inside.expect(arguments, in: repository, timeout: .seconds(300))
        }
    }

    /// Takes the branch out of the sandbox's bundle, whose every object is checked on the way.
    ///
    /// Git does not check what it takes from a bundle, only what it fetches; so the bundle goes to a
    /// repository that borrows the mirror's objects, and the mirror fetches from there.
    /// - Throws: `AttemptFailure` of category capture when git refuses it or it does not continue `start`.
    func takeIn(from start: CommitID) async throws -> CommitID {
        _ = try await git.expect(["init", "--quiet", "--bare", "--template=", "."], in: "/staging")
        _ = try await git.expect(
            [
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", Self.mirror,
                "\(Self.start):refs/heads/start",
            ],
            in: "/staging"
        )
        let bundled = try await git.run(
            [
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "/incoming/branch.bundle",
                "+\(branchReference):refs/heads/result",
            ],
            in: "/staging"
        )
        guard bundled.succeeded else { throw refused(bundled) }
        let fetched = try await git.run(
            [
                "-c", "fetch.fsckObjects=true", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
                "/staging",
                "+refs/heads/result:\(Self.result)",
            ],
            in: Self.mirror
        )
        guard fetched.succeeded else { throw refused(fetched) }
        let result = try await git.expect(["rev-parse", "\(Self.result)^{commit}"], in: Self.mirror).trimmed
        let isDescendant = try await git.run(
            ["merge-base", "--is-ancestor", start.text, result],
            in: Self.mirror
        )
        guard isDescendant.succeeded else {
            throw AttemptFailure(
                .capture,
                "The branch `\(workspace.branch)` in the sandbox no longer contains \(start.short), where "
                    + "the attempt began: history was rewritten, and that is not pushed"
            )
        }
        return CommitID(result)
    }

    private func refused(_ output: GitProcess.Output) -> AttemptFailure {
        AttemptFailure(.capture, "What the sandbox committed was refused: \(output.error.complaint)")
    }

    private func unreachable(_ verb: String, _ output: GitProcess.Output) -> AttemptFailure {
        AttemptFailure(
            remote.localPath == nil ? .network : .infrastructure,
            "The repository of workspace `\(workspace.name)` could not be \(verb): \(output.error.complaint)"
        )
    }

    /// The failure when the branch stands where nobody of this run put it.
    func unexpected(_ tip: CommitID?) -> AttemptFailure {
        let found = tip.map { "stands at \($0.short)" } ?? "does not exist"
        let wanted = workspace.head.map { "at \($0.short)" } ?? "not to exist yet"
        return AttemptFailure(
            .capture,
            "The branch `\(workspace.branch)` of workspace `\(workspace.name)` \(found), but this run "
                + "expects it \(wanted): somebody else moved it"
        )
    }
}

/// Whether a text can be the name of a branch without meaning anything else on a command line.
private func isBranchName(_ text: String) -> Bool {
    let isPlain = text.utf8.allSatisfy {
        (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0)
            || "-_./+@".utf8.contains($0)
    }
    return isPlain && !text.isEmpty && text.utf8.count < 200 && !text.hasPrefix("-") && !text.hasPrefix("/")
        && !text.hasSuffix("/") && occurrences(of: "..", in: text).isEmpty
        && occurrences(of: "@{", in: text).isEmpty
}
