import Support
import Testing

/// Work that is declared, beside the work that runs have, on everything as it runs.
@Suite struct WorkItemTests {
    @Test func `an item is applied, listed beside those of a run, and deleted; those of the run stay`()
        async throws
    {
        try await System.running { system in
            try await system.waitForSource(isReady: true)
            let live = try await liveItem(system)
            try await apply(system)
            try await show(system, beside: live)
            try await compare(system)
            try await leaveAlone(live, system)
            let gone = try await system.must("delete", "workitem/explain-refunds")
            #expect(gone == "workitem.agirunner.dev \"explain-refunds\" deleted\n")
            let left = try await system.must("get", "workitems", "-o", "name")
            #expect(left.contains("/\(live)\n") && left.contains("/refunds\n"), "\(left)")
            #expect(!left.contains("/explain-refunds\n"), "\(left)")
        }
    }

    private func item(_ name: String, parent: String? = nil) -> String {
        """
        apiVersion: agirunner.dev/v1
        kind: WorkItem
        metadata: {name: \(name), labels: {team: desk}}
        spec:
          workflowRef: help-desk
          stage: answer
          title: Explain refunds
          goal: The handbook says how long a refund is possible.
          acceptance: Every other page leads there.
        \(parent.map { "  parentRef: \($0)" } ?? "")

        """
    }

    private let desk = """
        apiVersion: agirunner.dev/v1
        kind: Playbook
        metadata: {name: answer-for-ever}
        spec:
          displayName: Answer what comes
          version: "1.0.0"
          outcome: Whatever was asked is answered.
          lifecycle: ongoing
          roles: [developer]
          stages:
            - name: answer
              goal: The answer is written.
              roles: [developer]
          instructions: Say what you know.
        ---
        apiVersion: agirunner.dev/v1
        kind: Workflow
        metadata: {name: help-desk}
        spec:
          playbookRef: {name: answer-for-ever}
          workspaceRef: calculator
          state: paused

        """

    /// The name of an item that the example's run has.
    private func liveItem(_ system: System) async throws -> String {
        let isThere = try await eventually(within: .seconds(60)) {
            try await !system.must("get", "workitems", "-o", "name").isEmpty
        }
        #expect(isThere, "the run has no item")
        let names = try await system.must("get", "workitems", "-o", "name")
        let first = names.split(separator: "\n").first ?? ""
        return String(first.split(separator: "/").last ?? "")
    }

    private func apply(_ system: System) async throws {
        try system.folder.write(item("explain-refunds", parent: "refunds"), to: "work/item.yaml")
        try system.folder.write(item("refunds"), to: "work/parent.yaml")
        try system.folder.write(desk, to: "work/run.yaml")
        let made = try await system.must("apply", "-f", "work")
        // The run before its work, and the work before its part, whatever they are called.
        #expect(
            made == """
                playbook.agirunner.dev/answer-for-ever created
                workflow.agirunner.dev/help-desk created
                workitem.agirunner.dev/refunds created
                workitem.agirunner.dev/explain-refunds created

                """
        )
        let again = try await system.must("apply", "-f", "work/parent.yaml")
        #expect(again == "workitem.agirunner.dev/refunds unchanged\n")
    }

    private func show(_ system: System, beside live: String) async throws {
        let table = try await system.must("get", "workitems", "--no-headers")
        let rows = table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(rows.compactMap(\.first) == rows.compactMap(\.first).sorted(), "\(table)")
        let own = rows.first { $0.first == "explain-refunds" } ?? []
        #expect(own.dropLast() == ["explain-refunds", "answer", "Kept", "<none>", "<none>"], "\(table)")
        // What a run has is shown with its own state and its count of rework.
        let other = rows.first { $0.first == live } ?? []
        #expect(other.count > 4 && other.dropLast().last == "0", "\(table)")
        let desk = try await system.must("get", "workitems", "-l", "team=desk", "-o", "name")
        #expect(desk == "workitem.agirunner.dev/explain-refunds\nworkitem.agirunner.dev/refunds\n")
        let fields = "declared=true"
        #expect(try await system.must("get", "workitems", "--field-selector", fields, "-o", "name") == desk)
        let both = try await system.agirunner("get", "workitem/refunds", "-l", "team=desk")
        #expect(both.error.contains("A name cannot be given together with a selector."))
        let shown = try await system.must("describe", "workitem/explain-refunds")
        #expect(shown.contains("nothing acts on it yet") && shown.contains("object.created"), "\(shown)")
        #expect(try await system.must("describe", "workitem/\(live)").contains("workflow: fix-division"))
    }

    /// The verbs that compare see what is declared, and nothing of the run.
    private func compare(_ system: System) async throws {
        let plan = try await system.agirunner("plan", "-f", system.configuration, "--detailed-exitcode")
        #expect(plan.code == 0 && plan.output.hasSuffix("no changes\n"), "\(plan)")
        let drift = try await system.agirunner("drift")
        #expect(drift.code == 0 && drift.output.hasSuffix("no changes\n"), "\(drift)")
        let same = try await system.agirunner("diff", "-f", "work")
        #expect(same.code == 0, "\(same)")
    }

    /// Whatever is tried on what a run has is refused, and says whose it is.
    private func leaveAlone(_ live: String, _ system: System) async throws {
        let before = try await system.must("get", "wi", live, "-o", "jsonpath=.metadata")
        try system.folder.write(item(live), to: "taken.yaml")
        let attempts = [
            "delete workitem/\(live)", "label workitem/\(live) team=red", "apply -f taken.yaml",
            "apply -f taken.yaml --dry-run=server",
            #"patch workitem/\#(live) -p '{"metadata":{"labels":{"team":"red"}}}'"#,
        ]
        for attempt in attempts {
            let refused = try await system.shell("agirunner \(attempt)")
            let whose = "WorkItem/\(live) belongs to Workflow/fix-division"
            #expect(refused.code == 1 && refused.error.contains(whose), "\(attempt): \(refused)")
            #expect(refused.error.contains("(Conflict)"), "\(attempt): \(refused)")
        }
        let edited = try await system.shell("EDITOR=true agirunner edit workitem/\(live)")
        #expect(edited.code == 1 && edited.error.contains("is written by controllers"), "\(edited)")
        let after = try await system.must("get", "wi", live, "-o", "jsonpath=.metadata")
        #expect(identity(after) == identity(before))
        #expect(!after.contains("red"), "\(after)")
    }

    /// What stays of an object as long as it is the same one.
    private func identity(_ metadata: String) -> Substring? {
        metadata.firstMatch(of: /"uid":"([^"]+)"/)?.1
    }
}
