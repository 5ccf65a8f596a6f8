import Containers
import Domain
import Foundation
import Testing
import WorkerProtocol

@testable import Runtime

@Suite struct CaptureTests {
    /// Commits a file by the tools and hands over; `between` is a command of the sandbox in between.
    private func committing(_ name: String, between: String = "true") -> Value {
        [
            turn(("file_write", ["path": .string(name), "content": "x"])),
            turn(("git_commit", ["message": "Add a file"])),
            turn(("shell_exec", ["command": .string(between)])),
            handOff,
        ]
    }

    @Test func `work goes on from the run's recorded head`() async throws {
        try await Fixture.with { fixture in
            let head = try await fixture.commit(on: "main", text: "before")
            let contract = try fixture.contract {
                $0["workspace"]?["head"] = .string(head.text)
                $0.setTurns(committing("new.txt"))
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .completed, "\(report.message ?? "")")
            let commit = try #require(report.commit)
            #expect(try await fixture.tip() == commit)
            #expect(try await fixture.shell("git -C remote.git rev-parse \(commit)^").trimmed == head.text)
        }
    }

    @Test func `a branch that somebody else moved meanwhile is not overwritten`() async throws {
        try await Fixture.with { fixture in
            let head = try await fixture.commit(on: "main", text: "before")
            let contract = try fixture.contract {
                $0["workspace"]?["head"] = .string(head.text)
                $0.setTurns(committing("new.txt"))
            }
            // The other push comes at the last moment: after the commit was announced.
            let door = fixture.door.door
            let racing = WorkerDoor(
                register: door.register,
                heartbeat: door.heartbeat,
                claim: door.claim,
                begin: door.begin,
                announce: { request in
                    try await fixture.commit(on: "agirunner/fix", text: "theirs")
                    return try await door.announce(request)
                },
                report: door.report,
                logs: door.logs
            )
            let supervisor = fixture.supervisor(door: racing)
            let claim = Fixture.claim(contract)
            await supervisor.run(claim, fixture.control(claim))
            let report = try #require(fixture.door.reports.first)
            #expect(report.outcome == .failed && report.category == "capture")
            #expect(report.message?.contains("somebody else moved it") == true, "\(report.message ?? "")")
            #expect(
                try await fixture.shell("git -C remote.git log -1 --format=%s agirunner/fix").trimmed
                    == "theirs"
            )
        }
    }

    @Test func `a branch that stands where nobody of the run put it fails the attempt before any work`()
        async throws
    {
        for head in [true, false] {
            try await Fixture.with { fixture in
                let ours = try await fixture.commit(on: "main", text: "ours")
                let theirs = try await fixture.commit(on: "main", text: "theirs")
                let contract = try fixture.contract {
                    if head { $0["workspace"]?["head"] = .string(ours.text) }
                    $0.setTurns(committing("new.txt"))
                }
                let report = try await fixture.run(contract)
                #expect(report.category == "capture" && report.usage.modelCalls == 0)
                #expect(try await fixture.tip() == theirs)
            }
        }
    }

    @Test func `what a lost attempt pushed is undone before work begins`() async throws {
        try await Fixture.with { fixture in
            let head = try await fixture.commit(on: "main", text: "kept")
            let lost = try await fixture.commit(on: "agirunner/fix", text: "lost")
            let contract = try fixture.contract {
                $0["workspace"]?["head"] = .string(head.text)
                $0["workspace"]?["abandoned"] = [.string(lost.text)]
                $0.setTurns([
                    turn(("shell_exec", ["command": "cat other.txt"])),
                    turn(
                        ("submit_handoff", ["summary": "s", "completion": "full"]),
                        seen: ["contains": "kept"]
                    ),
                ])
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .completed, "\(report.message ?? "")")
            #expect(try await fixture.tip() == head)
        }
    }

    @Test func `a branch that only a lost attempt made is taken away before work begins`() async throws {
        try await Fixture.with { fixture in
            let lost = try await fixture.commit(on: "main", text: "lost")
            let contract = try fixture.contract {
                $0["workspace"]?["abandoned"] = [.string(lost.text)]
                $0.setTurns([
                    turn(("shell_exec", ["command": "test ! -e other.txt"])),
                    turn(
                        ("submit_handoff", ["summary": "s", "completion": "full"]),
                        seen: ["error": false]
                    ),
                ])
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .completed, "\(report.message ?? "")")
            #expect(try await fixture.tip() == nil)
        }
    }

    @Test func `a remote that does not let its branch be set back is quoted`() async throws {
        try await Fixture.with { fixture in
            let head = try await fixture.commit(on: "main", text: "kept")
            let lost = try await fixture.commit(on: "agirunner/fix", text: "lost")
            try await fixture.shell("git -C remote.git config receive.denyNonFastForwards true")
            let contract = try fixture.contract {
                $0["workspace"]?["head"] = .string(head.text)
                $0["workspace"]?["abandoned"] = [.string(lost.text)]
                $0.setTurns([handOff])
            }
            let report = try await fixture.run(contract)
            #expect(report.category == "capture" && report.usage.modelCalls == 0)
            #expect(report.message?.contains("non-fast-forward") == true, "\(report.message ?? "")")
            #expect(try await fixture.tip() == lost)
        }
    }

    @Test func `a lock file that a killed push left is named, and how to go on`() async throws {
        try await Fixture.with { fixture in
            let head = try await fixture.commit(on: "main", text: "kept")
            let lost = try await fixture.commit(on: "agirunner/fix", text: "lost")
            try await fixture.shell("touch remote.git/refs/heads/agirunner/fix.lock")
            let contract = try fixture.contract {
                $0["workspace"]?["head"] = .string(head.text)
                $0["workspace"]?["abandoned"] = [.string(lost.text)]
                $0.setTurns([handOff])
            }
            let report = try await fixture.run(contract)
            for words in ["/refs/heads/agirunner/fix.lock': File exists", "remove the file manually"] {
                #expect(report.message?.contains(words) == true, "\(report.message ?? "")")
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "only root can work for somebody else"))
    func `a local repository of another user is written as that user`() async throws {
        try await Fixture.with { fixture in
            let head = try await fixture.commit(on: "main", text: "before")
            try await fixture.shell("chown -R 65990:65991 remote.git && chmod 700 remote.git")
            let contract = try fixture.contract {
                $0["workspace"]?["head"] = .string(head.text)
                $0.setTurns(committing("new.txt"))
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .completed, "\(report.message ?? "")")
            let strangers = "find remote.git ! -user 65990 -o ! -group 65991"
            #expect(try await fixture.shell(strangers) == "")
            try await fixture.shell("chown -R 0:0 remote.git")
            #expect(try await fixture.tip() == report.commit && report.commit != nil)
        }
    }

    @Test func `rewritten history is refused`() async throws {
        try await Fixture.with { fixture in
            let rewrite =
                "git checkout -q --orphan fresh && git commit -q -m fresh && git branch -M agirunner/fix"
            let contract = try fixture.contract { $0.setTurns(committing("new.txt", between: rewrite)) }
            let report = try await fixture.run(contract)
            #expect(report.category == "capture", "\(report.message ?? "")")
            #expect(report.message?.contains("history was rewritten") == true)
            #expect(try await fixture.tip() == nil)
        }
    }

    @Test func `a malformed object from the sandbox is refused`() async throws {
        try await Fixture.with { fixture in
            // A tree with an entry `.git`, which would be written into the git folder of whoever checks it
            // out.
            let forge = """
                blob=$(echo evil | git hash-object -w --stdin)
                inner=$(printf '100644 blob %s\\tconfig\\n' $blob | git mktree)
                python3 -c 'import sys
                sys.stdout.buffer.write(b"40000 .git\\0" + bytes.fromhex(sys.argv[1]))' \
                  $inner > /tmp/tree
                tree=$(git hash-object -w -t tree --literally --stdin < /tmp/tree)
                commit=$(git commit-tree -p HEAD -m evil $tree)
                git update-ref refs/heads/agirunner/fix $commit
                """
            let contract = try fixture.contract { $0.setTurns(committing("new.txt", between: forge)) }
            let report = try await fixture.run(contract)
            #expect(report.category == "capture", "\(report.message ?? "no message")")
            #expect(report.message?.contains("hasDotgit") == true, "\(report.message ?? "")")
            #expect(try await fixture.tip() == nil)
        }
    }

    @Test func `nothing that a repository configures runs outside of the sandbox`() async throws {
        try await Fixture.with { fixture in
            // Where the hook can write: what it is seen to do must be possible.
            let mark = fixture.remote + "/ran"
            try await fixture.shell(
                """
                cd remote.git
                printf '#!/bin/sh\\ntouch \(mark)\\n' > hooks/pre-receive && chmod +x hooks/pre-receive
                for hook in update reference-transaction post-receive post-update; do
                  cp hooks/pre-receive hooks/$hook
                done
                """
            )
            try await fixture.commit(on: "main", branch: "other", text: "the hooks run")
            #expect(FileManager.default.fileExists(atPath: mark))
            try FileManager.default.removeItem(atPath: mark)
            let contract = try fixture.contract {
                $0.setTurns(
                    committing(
                        "new.txt",
                        between: """
                            git config core.fsmonitor 'touch /workspace/monitor'
                            git config filter.x.clean 'touch /workspace/filter'
                            """
                    )
                )
            }
            let report = try await fixture.run(contract)
            #expect(report.outcome == .completed, "\(report.message ?? "")")
            #expect(!FileManager.default.fileExists(atPath: mark))
        }
    }

    @Test func `the sandbox holds no remote, and its git folder no path of the host`() async throws {
        try await Fixture.with { fixture in
            let look =
                "git remote -v; cat .git/config .git/FETCH_HEAD .git/logs/HEAD 2>/dev/null; env; exit 0"
            let contract = try fixture.contract {
                $0.setTurns([turn(("shell_exec", ["command": .string(look)])), handOff])
            }
            try await fixture.run(contract)
            let result = try #require(
                fixture.door.lines.first { $0.source == "tool" }?.data?["result"]?.string
            )
            #expect(result.contains("[core]"))
            // A token would be in the log as what takes its place.
            for secret in [fixture.folder, "/mirror", "token", "•••"] {
                #expect(!result.contains(secret), "\(secret)")
            }
        }
    }
}
