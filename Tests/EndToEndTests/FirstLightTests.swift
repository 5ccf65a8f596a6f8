import Domain
import Foundation
import Support
import Testing
import Threads

/// The walking skeleton, from a commit to a finished workflow.
@Suite struct FirstLightTests {
    @Test(arguments: users) func `a commit becomes a finished workflow`(user: Command.Account?) async throws {
        try await System.running(as: user) { system in
            try await finish(system)
            try await checkRecords(system)
            try await checkBranch(system)
            try await checkSecrets(system)
            guard let user else { return }
            let strangers = try await system.shell("find '\(system.state)' ! -uid \(user.userID) | head")
            #expect(strangers.output == "")
        }
    }

    @Test func `a stopped system leaves nothing running, and the next up goes on where it was`() async throws
    {
        try await System.with { system in
            try await system.start()
            try await waitForGate(system)
            try await system.stop()
            #expect(system.processes == [:])
            try await system.start(example: nil)
            #expect(try await phase(system) == "active")
            try await approve(system)
            try await system.must("delete", "gitsource/main")
            let kept = try await system.must("get", "playbooks,roles,workflows", "-o", "name")
            #expect(kept.contains("playbook.agirunner.dev/bug-fix"), "deleting a source deletes nothing else")
            #expect(kept.contains("workflow.agirunner.dev/fix-division"))
            try await system.stop()
        }
    }

    private func finish(_ system: System) async throws {
        try await waitForGate(system)
        try await approve(system)
    }

    private func waitForGate(_ system: System) async throws {
        let run = "workflow/fix-division"
        try await system.must("wait", run, "--for", "gate", "--timeout", "90s", within: .seconds(100))
    }

    private func approve(_ system: System) async throws {
        let run = "workflow/fix-division"
        try await system.must("approve", run, "--note", "Looks right.")
        try await system.must("wait", run, "--for", "phase=completed", "--timeout", "30s")
    }

    private func phase(_ system: System) async throws -> String {
        try await system.must("get", "workflow/fix-division", "-o", "jsonpath=.status.phase")
            .trimmingCharacters(in: .newlines)
    }

    private func checkRecords(_ system: System) async throws {
        let timeline = try await system.must("timeline", "workflow/fix-division")
        #expect(timeline.contains("the thinking is scripted"))
        let marks = [
            "reproduce · developer", "implement · developer", "request_changes:",
            "implement · developer revision 2", "approved:", "approve — Looks right.",
        ]
        var rest = timeline[...]
        for mark in marks {
            let found = try #require(rest.range(of: mark), "'\(mark)' is not in the rest of\n\(timeline)")
            rest = rest[found.upperBound...]
        }
        let log = try await system.must("logs", "task/fix-division-reproduce-1-1")
        #expect(log.contains("tool: shell_exec (error)"), "the failing test really fails")
        #expect(log.contains("the sandbox is made"))
        let attempts = try await system.must("get", "attempts", "-o", "jsonpath=.status.state")
        #expect(attempts.split(separator: "\n").map(String.init) == Array(repeating: "completed", count: 5))
    }

    private func checkBranch(_ system: System) async throws {
        let clone = try await system.shell(
            """
            git clone -q -b agirunner/fix-division '\(system.workspace)' clone && cd clone
            python3 -m unittest 2>&1 | tail -1
            git rev-list --count main..HEAD 2>/dev/null || git rev-list --count origin/main..HEAD
            git -C '\(system.workspace)' show main:calculator.py | grep -c 'int(dividend / divisor)'
            """
        )
        #expect(clone.output == "OK\n2\n1\n", "\(clone.error)")
        let head = try await system.must("get", "workflow", "fix-division", "-o", "jsonpath=.status.head")
        let tip = try await system.shell("git -C '\(system.workspace)' rev-parse agirunner/fix-division")
        #expect(head == tip.output)
    }

    /// The fleet manager's token and the key of sealed secrets are in their own files alone, and a runtime's
    /// token is gone once it was read.
    ///
    /// Looked at are logs, the database, the folders of sandboxes, and argv.
    private func checkSecrets(_ system: System) async throws {
        let found = try await system.shell(
            """
            for secret in '\(system.state)'/{run/fleet.token,sealing.key}; do
                test -s "$secret"
                grep -rlF -f "$secret" '\(system.state)' | grep -vxF "$secret" || true
                cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -F -f "$secret" || true
            done
            ls '\(system.state)'/runtimes/*/token 2>/dev/null || true
            """
        )
        #expect(found.code == 0 && found.output == "", "\(found.error)")
    }
}
