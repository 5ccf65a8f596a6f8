import Support
import Testing

/// The runs of the bug-fix playbook, of which the example declares `fix-division`.
extension System {
    /// Waits for the gate of a run, lets it out, and waits until it is completed.
    func finishRun(_ name: String = "fix-division") async throws {
        try await waitForGate(name)
        let run = "workflow/\(name)"
        // Asks again until the door answers: an approval may meet the restart of what was lost late.
        let isApproved = try await eventually(within: .seconds(60)) { [self] in
            if try await agirunner("approve", run, "--note", "Looks right.").code == 0 { return true }
            // The answer to an approval that took effect may have been lost.
            return try await agirunner("get", run, "-o", "jsonpath=.status.phase").output == "completed\n"
        }
        #expect(isApproved)
        try await must(
            "wait",
            run,
            "--for",
            "phase=completed",
            "--timeout",
            "60s",
            within: .seconds(70)
        )
    }

    /// Waits until a run waits for a person.
    func waitForGate(_ name: String = "fix-division") async throws {
        let run = "workflow/\(name)"
        try await must("wait", run, "--for", "gate", "--timeout", "120s", within: .seconds(130))
    }

    /// The run's branch holds the fix once, and every delivery was made once.
    func expectRunDoneOnce(_ name: String = "fix-division") async throws {
        let branch = try await shell(
            """
            rm -rf clone && git clone -q -b 'agirunner/\(name)' '\(workspace)' clone && cd clone
            git log --format=%s origin/main..HEAD
            python3 -m unittest 2>&1 | tail -1
            """
        )
        #expect(
            branch.output == """
                Divide whole numbers without floating point
                Round quotients down, also negative ones
                OK

                """
        )
        let mine = "agirunner.dev/workflow=\(name)"
        let handoffs = try await must("get", "handoffs", "-l", mine, "-o", "jsonpath=.status.summary")
        #expect(handoffs.split(separator: "\n").count == 5, "\(handoffs)")
        let attempts = try await must("get", "attempts", "-l", mine, "-o", "jsonpath=.status.state")
        #expect(attempts.split(separator: "\n").filter { $0 == "completed" }.count == 5, "\(attempts)")
        let tasks = try await must("get", "tasks", "-l", mine, "-o", "jsonpath=.status.state")
        #expect(Set(tasks.split(separator: "\n")) == ["completed"])
    }

    /// Applies a second run of the same playbook by hand.
    func applyRun(_ name: String) async throws {
        let applied = try await shell("agirunner apply -f - <<'END'\n\(declaration(of: name))END")
        #expect(applied.code == 0, "\(applied.error)")
    }

    /// Commits a further run of the same playbook to the configuration.
    func commitRun(_ name: String) async throws {
        let committed = try await shell(
            """
            cd '\(configuration)'
            cat >runs/\(name).yaml <<'END'
            \(declaration(of: name))END
            git add runs && git commit -qm 'Run \(name)'
            """
        )
        #expect(committed.code == 0, "\(committed.error)")
    }

    private func declaration(of name: String) -> String {
        workflowFile(
            name,
            playbook: "bug-fix",
            more: [
                "workspaceRef: calculator", "parameters:",
                "  issue: Dividing a negative number rounds the wrong way; divide(-7, 2) must be -4.",
            ]
        )
    }

    /// The name of an attempt that is live now; nil when there is none.
    func liveAttempt() async throws -> String? {
        let rows = try await agirunner("get", "attempts", "--no-headers").output.split(separator: "\n")
        return rows.map { $0.split(separator: " ") }.first { $0.contains("live") }?.first.map(String.init)
    }

    /// Waits until a runtime works on something.
    func waitForAttempt() async throws {
        let isLive = try await eventually(within: .seconds(60)) { [self] in try await liveAttempt() != nil }
        #expect(isLive, "nothing was claimed")
    }
}
