import Support
import Testing

/// Commits that should not have been, and looks that lead nowhere.
@Suite struct RollbackTests {
    @Test func `an earlier commit is put in force until the next one`() async throws {
        try await System.running { system in
            try await system.waitForSource(isReady: true)
            let first = try await applied(system)
            try await system.mustRename(to: "Broken review")
            #expect(try await shownName(system) == "Broken review\n")
            let rolledBack = try await system.must(
                "rollback",
                "gitsource/main",
                "--to",
                String(first.prefix(9))
            )
            #expect(rolledBack == "gitsource.agirunner.dev/main applied \(first.prefix(7))\n")
            #expect(try await shownName(system) == "Careful review\n")
            // Nobody applies the commit again by looking at the branch once more.
            try await system.must("reconcile", "gitsource/main")
            #expect(try await shownName(system) == "Careful review\n")
            let condition = try await system.condition(of: "main")
            #expect(condition.contains("rolled back from"), "\(condition)")
            let history = try await system.must("history", "gitsource/main")
            #expect(history.split(separator: "\n").count == 4, "\(history)")
            try await system.must("rollback", "gitsource/main", "--release")
            #expect(try await shownName(system) == "Broken review\n")
            // Without a commit it is the one before.
            try await system.must("rollback", "gitsource/main")
            #expect(try await shownName(system) == "Careful review\n")
            try await system.mustRename(to: "Mended review")
            #expect(try await shownName(system) == "Mended review\n")
            try await misuse(system)
            try await loseHistory(system, first)
        }
    }

    /// A history that was rewritten may have a commit no more that was in force once.
    private func loseHistory(_ system: System, _ first: String) async throws {
        let rewritten = try await system.shell(
            """
            cd '\(system.configuration)'
            git checkout -q --orphan fresh && git commit -q -m 'Anew' && git branch -q -M fresh main
            git reflog expire --expire=now --all && git gc -q --prune=now
            agirunner wait gitsource/main --for revision=$(git rev-parse HEAD)
            """
        )
        #expect(rewritten.code == 0, "\(rewritten)")
        let lost = try await system.agirunner("rollback", "gitsource/main", "--to", String(first.prefix(9)))
        #expect(lost.code == 1 && lost.error.contains("has commit \(first.prefix(7)) no more"), "\(lost)")
        #expect(try await shownName(system) == "Mended review\n")
        try await system.must("rollback", "gitsource/main", "--release")
        try await system.waitForSource(isReady: true)
    }

    @Test func `kubectl's words for following, holding and undoing do the same`() async throws {
        try await System.running { system in
            try await system.waitForSource(isReady: true)
            try await system.mustRename(to: "Broken review")
            let status = try await system.must("rollout", "status", "gitsource/main")
            #expect(status.hasPrefix("gitsource.agirunner.dev/main ready: applied "), "\(status)")
            let history = try await system.must("rollout", "history", "gitsource/main")
            #expect(history.split(separator: "\n").count == 3, "\(history)")
            try await system.must("rollout", "undo", "gitsource/main")
            #expect(try await shownName(system) == "Careful review\n")
            try await system.must("rollout", "pause", "gitsource/main")
            #expect(try await system.must("get", "gs", "main", "-o", "jsonpath=.spec.suspend") == "true\n")
            try await system.must("rollout", "resume", "gitsource/main")
            try await system.must("rollout", "restart", "gitsource/main")
            try await system.must("wait", "workflow/fix-division", "--for", "phase=active")
            try await system.must("rollout", "pause", "workflow/fix-division")
            try await system.must("wait", "workflow/fix-division", "--for", "phase=paused")
            let none = try await system.agirunner("rollout", "status", "skill/none", "--timeout", "1s")
            #expect(none.code == 3, "\(none)")
        }
    }

    @Test func `a source that git declares is rolled back and led by plans as any other`() async throws {
        try await System.running { system in
            let name = {
                try await system.must("get", "skill", "from-near", "-o", "jsonpath=.spec.displayName")
            }
            try await declareInGit(system)
            try await change(system, to: "Second")
            #expect(try await name() == "Second\n")
            try await system.must("rollback", "gitsource/near")
            #expect(try await name() == "Careful review\n")
            // What people set beside the file outlives the next commit that declares the source.
            let other = try await system.shell(
                "cd '\(system.configuration)' && date > when.txt && git add . && git commit -q -m 'When'"
            )
            #expect(other.code == 0, "\(other)")
            try await system.must("reconcile", "gitsource/main")
            try await system.must("reconcile", "gitsource/near")
            #expect(try await name() == "Careful review\n")
            try await system.must("rollback", "gitsource/near", "--release")
            #expect(try await name() == "Second\n")
            try await system.must("suspend", "gitsource/near")
            let planned = try await system.shell(
                """
                cd near && sed -i 's/displayName: .*/displayName: Third/' skill.yaml
                git commit -q -a -m 'Third'
                agirunner plan -f . --source near --revision HEAD -o ../near.plan
                """
            )
            #expect(planned.code == 0, "\(planned)")
            #expect(try await name() == "Second\n", "a suspended source waits for its plan")
            try await system.must("apply", "near.plan", within: .seconds(70))
            #expect(try await name() == "Third\n")
        }
    }

    /// A repository with one skill, and a source for it that a file of the first source declares.
    private func declareInGit(_ system: System) async throws {
        try await system.makeRepository("near", skill: "from-near")
        let made = try await system.shell(
            """
            cat > '\(system.configuration)/near.yaml' <<'END'
            apiVersion: agirunner.dev/v1
            kind: GitSource
            metadata: {name: near}
            spec:
              url: \(system.folder.path)/near
              ref: {branch: main}
              interval: 2s
              grants: {namespaces: ["*"], kinds: [Skill]}
            END
            cd '\(system.configuration)' && git add . && git commit -q -m 'A source nearby'
            """
        )
        #expect(made.code == 0, "\(made)")
        try await system.must("wait", "skill/from-near", "--for", "condition=Ready", "--timeout", "40s")
    }

    private func change(_ system: System, to name: String) async throws {
        let made = try await system.shell(
            """
            cd near && sed -i 's/displayName: .*/displayName: \(name)/' skill.yaml
            git commit -q -a -m '\(name)' && git rev-parse HEAD
            """
        )
        let revision = "revision=\(made.output.dropLast())"
        try await system.must("wait", "gitsource/near", "--for", revision, "--timeout", "40s")
    }

    private func misuse(_ system: System) async throws {
        let unknown = try await system.agirunner("rollback", "gitsource/main", "--to", "0123456789")
        #expect(unknown.code == 1 && unknown.error.contains("has never applied the commit 0123456789"))
        let both = try await system.agirunner("rollback", "gitsource/main", "--to", "0123456", "--release")
        #expect(both.code == 1 && both.error.contains("exclude each other"), "\(both)")
        let kind = try await system.agirunner("rollback", "workflow/fix-division")
        #expect(kind.code == 1 && kind.error.contains("only a gitsource is rolled back"), "\(kind)")
    }

    @Test func `a look that hangs is given up as soon as the source is corrected`() async throws {
        try await System.running { system in
            let remote = try await system.serve(silentServer)
            let file = { (url: String) in
                """
                agirunner apply -f - <<'END'
                apiVersion: agirunner.dev/v1
                kind: GitSource
                metadata:
                  name: stuck
                spec:
                  url: \(url)
                  ref: {branch: main}
                  timeout: 10m
                  grants: {namespaces: ["*"], kinds: [Skill]}
                END
                """
            }
            let near = "\(system.folder.path)/near"
            try await system.makeRepository("near", skill: "from-near")
            let wrong = try await system.shell(file("http://127.0.0.1:\(remote.port)/silent"))
            #expect(wrong.code == 0, "\(wrong)")
            let folder = system.folder
            let isAsked = await eventually(within: .seconds(20)) { folder.read("asked") != nil }
            #expect(isAsked, "nobody fetches")
            let right = try await system.shell(file(near))
            #expect(right.code == 0, "\(right)")
            // The fetch itself would have gone on for ten minutes.
            try await system.must("wait", "skill/from-near", "--for", "condition=Ready", "--timeout", "30s")
            try await system.end(remote.process)
        }
    }

    private func applied(_ system: System) async throws -> String {
        let commit = try await system.must("get", "gs", "main", "-o", "jsonpath=.status.appliedCommit")
        return String(commit.dropLast())
    }

    private func shownName(_ system: System) async throws -> String {
        try await system.must("get", "skill", "careful-review", "-o", "jsonpath=.spec.displayName")
    }

    /// Takes connections and says nothing.
    private let silentServer = """
        import socket
        door = socket.socket()
        door.bind(("127.0.0.1", int(sys.argv[2])))
        door.listen()
        tell(door.getsockname()[1])
        held = []
        while True:
            held.append(door.accept())
            open("asked", "w").close()
        """
}

extension System {
    /// Commits another name of the skill and waits until the commit is in force.
    fileprivate func mustRename(to name: String) async throws {
        let made = try await shell(
            """
            cd '\(configuration)'
            sed -i 's/displayName: .*/displayName: \(name)/' skills/careful-review.yaml
            git commit -q -a -m '\(name)' && git rev-parse HEAD
            """
        )
        #expect(made.code == 0, "\(made)")
        let commit = String(made.output.dropLast())
        try await must("wait", "gitsource/main", "--for", "revision=\(commit)", "--timeout", "60s")
    }
}
