import ArgumentParser
import Domain
import Support
import Testing

@testable import CommandLine

@Suite struct ValidateTests {
    private let good = """
        apiVersion: agirunner.dev/v1
        kind: Skill
        metadata:
          name: testing
        spec:
          displayName: Testing
          summary: How to test.
          body: Test first.

        """

    @Test func `good files are counted, and nothing is complained about`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write(good, to: "skills/testing.yaml")
        try folder.write("not: [yaml", to: ".hidden/broken.yaml")
        let outcome = await run(Validate.self, [folder.path])
        #expect(outcome.error == nil)
        #expect(outcome.output.allSatisfy { !$0.contains("error[") })
        #expect(outcome.notices.first == "1 object valid, 0 errors, 1 warning")
    }

    @Test func `three mistakes are three diagnostics with file, line and column, and the command fails`()
        async throws
    {
        let folder = try await TemporaryFolder()
        try folder.write(
            good.replacing("name: testing", with: "name: Not_A_Name")
                .replacing("summary:", with: "sumary:"),
            to: "a.yaml"
        )
        try folder.write(good.replacing("kind: Skill", with: "kind: Skil"), to: "b.yaml")
        let outcome = await run(Validate.self, [folder.path])
        let places = outcome.output.map { $0.split(separator: " ").first.map(String.init) ?? "" }
        #expect(
            places == [
                "\(folder.path)/a.yaml:4:9:", "\(folder.path)/a.yaml:7:3:", "\(folder.path)/b.yaml:2:7:",
            ]
        )
        #expect(outcome.output.last?.contains("did you mean 'Skill'?") == true)
        #expect(outcome.notices.first == "0 objects valid, 3 errors, 0 warnings")
        #expect(outcome.error as? ExitCode == .failure)
    }

    @Test func `diagnostics may be lines of JSON`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write(good.replacing("kind: Skill", with: "kind: Skil"), to: "a.yaml")
        let outcome = await run(Validate.self, [folder.path, "-o", "json"])
        let line = try #require(outcome.output.first)
        let diagnostic: Diagnostic = try Value(json: line).decode()
        #expect(diagnostic.path == "\(folder.path)/a.yaml" && diagnostic.span.start.line == 2)
    }

    @Test func `a folder without files is no success`() async throws {
        let folder = try await TemporaryFolder()
        let outcome = await run(Validate.self, [folder.path])
        #expect(outcome.failure?.message == "there is no .yaml file in \(folder.path)")
        let missing = await run(Validate.self, ["\(folder.path)/missing.yaml"])
        #expect(missing.failure?.message.contains("does not exist") == true)
    }
}

@Suite(.timeLimit(.minutes(1))) struct WaitTests {
    private let door = Door()

    init() throws {
        try door.put(
            "Workflow",
            "fix",
            status: [
                "phase": "active", "openGates": [["name": "g"]],
                "conditions": [
                    ["type": "Ready", "status": "Unknown"], ["type": "Reconciling", "status": "True"],
                ],
            ]
        )
        try door.put("Workflow", "done", status: ["phase": "failed", "message": "no way"])
    }

    private func wait(_ target: String, _ wishes: String..., timeout: String = "0s") async -> Outcome {
        await run(
            Wait.self,
            [target, "--timeout", timeout] + wishes.flatMap { ["--for", $0] },
            door: door
        )
    }

    @Test(arguments: [
        "condition=Reconciling", "condition=Ready=unknown", "phase=active", "gate",
        "jsonpath={.status.phase}=active", "jsonpath={.status.phase}",
        "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}=Unknown",
    ]) func `a wish that is met ends the wait`(wish: String) async {
        let outcome = await wait("wf/fix", wish)
        #expect(outcome.error == nil && outcome.output == ["workflow.agirunner.dev/fix condition met"])
    }

    @Test(arguments: [
        "condition=Ready", "condition=Other", "phase=completed", "delete", "jsonpath={.status.other}",
        "jsonpath={.status.phase}=paused",
    ]) func `a wish that is not met in time ends with the exit code of a time-out`(wish: String) async {
        let outcome = await wait("wf/fix", wish)
        #expect(outcome.failure?.exitCode == 3)
        #expect(outcome.failure?.message == "timed out after 0s: workflow/fix is active")
    }

    @Test func `all of several wishes must be met`() async {
        #expect(await wait("wf/fix", "phase=active", "gate").error == nil)
        #expect(await wait("wf/fix", "phase=active", "delete").failure?.exitCode == 3)
    }

    @Test func `a server that is restarted meanwhile ends no wait`() async throws {
        // Its source has to be read as well, to know how long a stall may last.
        let place: Value = ["gitSource": "main", "path": "a.yaml", "line": 1, "column": 1]
        let conditions: Value = [
            ["type": "Ready", "status": "False"], ["type": "Stalled", "status": "True", "reason": "x"],
        ]
        try door.put("Skill", "late", status: ["conditions": conditions, "source": place])
        let path = "\(ControlClient.base)/namespaces/default/skills/late"
        door.with { contents in
            contents.outages = 1
            contents.outagesAfterLook = 1
            contents.afterLook = { objects in
                let ready: Value = ["conditions": [["type": "Ready", "status": "True"]]]
                objects[path] = objects[path]?.merging(["status": ready])
            }
        }
        let outcome = await wait("skill/late", "condition=Ready", timeout: "30s")
        #expect(outcome.error == nil)
        #expect(door.with { [$0.outages, $0.outagesAfterLook] } == [0, 0])
    }

    @Test func `an object that comes later is waited for`() async throws {
        let late = Door()
        try late.put("Role", "late", status: ["conditions": [["type": "Ready", "status": "True"]]])
        let objects = late.with { $0.objects }
        door.with { $0.afterLook = { $0.merge(objects) { first, _ in first } } }
        #expect(await wait("role/late", "condition=Ready", timeout: "30s").error == nil)
    }

    @Test func `whoever watches a long wait is told how it goes, once`() async {
        let outcome = await wait("wf/fix", "phase=completed", timeout: "2s")
        #expect(outcome.notices == ["waiting: workflow/fix is active"])
    }

    @Test func `what is gone, or goes, is deleted`() async {
        #expect(await wait("wf/none", "delete").error == nil)
        door.with { $0.afterLook = { $0 = [:] } }
        #expect(await wait("wf/done", "delete", timeout: "30s").error == nil)
    }

    @Test func `a run that ended in another way ends the wait at once, and says how`() async {
        let outcome = await wait("wf/done", "phase=completed", timeout: "30s")
        #expect(outcome.failure?.exitCode == 4)
        #expect(outcome.failure?.message == "workflow/done ended as failed: no way")
        #expect(await wait("wf/done", "phase=failed").error == nil)
    }

    @Test func `a commit is waited for by its beginning, and at once when it is there`() async throws {
        let ready: Value = [["type": "Ready", "status": "True"]]
        try door.put("GitSource", "main", status: ["appliedCommit": "abcdef0123", "conditions": ready])
        #expect(await wait("gs/main", "revision=ABCDEF0", timeout: "30s").error == nil)
        #expect(await wait("gs/main", "revision=1234567").failure?.exitCode == 3)
    }

    @Test func `a commit that failed, or that another one followed, ends the wait at once`() async throws {
        let stalled: Value = [
            ["type": "Ready", "status": "False", "reason": "InvalidFiles", "message": "1 error"],
            ["type": "Stalled", "status": "True"],
        ]
        try door.put("GitSource", "main", status: ["appliedCommit": "abcdef0123", "conditions": stalled])
        let failed = await wait("gs/main", "revision=abcdef0", timeout: "30s")
        #expect(failed.failure?.exitCode == 4)
        #expect(failed.failure?.message == "gitsource/main InvalidFiles: 1 error")
        try putRevision("1234567890", version: 7)
        // It is applied, and its source is about to say so.
        #expect(await wait("gs/main", "revision=1234567").failure?.exitCode == 3)
        try putRevision("abcdef0123", version: 8)
        #expect(await wait("gs/main", "revision=1234567", timeout: "30s").failure?.exitCode == 5)
    }

    @Test func `the history of a source is read again only when the source has moved`() async throws {
        try door.put("GitSource", "main", status: ["appliedCommit": "abcdef0123"])
        #expect(await wait("gs/main", "revision=1234567", timeout: "1s").failure?.exitCode == 3)
        #expect(door.with(\.listPaths).count == 1)
        let before = door.with(\.objects)
        try putRevision("1234567890", version: 7)
        try putRevision("abcdef0123", version: 8)
        let path = "\(ControlClient.base)/gitsources/main"
        door.with { contents in
            let after = contents.objects.merging([
                path: (before[path] ?? .null).merging(["metadata": ["resourceVersion": "8"]])
            ]) { $1 }
            contents.objects = before
            contents.afterLook = { $0 = after }
        }
        #expect(await wait("gs/main", "revision=1234567", timeout: "30s").failure?.exitCode == 5)
    }

    private func putRevision(_ commit: String, version: Int64) throws {
        try door.put(
            "Revision",
            "main-\(commit.prefix(7))",
            status: ["commit": .string(commit), "phase": "applied"],
            labels: ["agirunner.dev/source": "main"],
            version: version
        )
    }

    @Test(arguments: ["ready", "Condition=Ready", "revision=12", ""])
    func `a wish that cannot be understood is refused`(wish: String) async {
        let message = await wait("wf/fix", wish).failure?.message
        #expect(message?.hasPrefix(wish.hasPrefix("rev") ? "revision= must" : "--for must be") == true)
    }
}

@Suite struct DecideTests {
    private let door = Door()

    init() throws {
        try door.put("Gate", "g1", status: ["digest": "sha256:1"])
        try door.put("Task", "t1", status: [:])
        try openGates("g1")
    }

    private func openGates(_ names: String...) throws {
        let gates = names.map { name -> Value in ["name": .string(name), "digest": "sha256:1"] }
        try door.put("Workflow", "fix", status: ["openGates": .array(gates)])
    }

    @Test func `a Decision is about what was seen, and says so when it took effect`() async {
        let outcome = await run(Approve.self, ["gate/g1", "--note", "fine"], door: door)
        #expect(outcome.error == nil && outcome.output == ["gate.agirunner.dev/g1 approved"])
        #expect(
            door.decisions.values.first == [
                "target": ["kind": "Gate", "name": "g1"], "action": "approve", "note": "fine",
                "expects": ["digest": "sha256:1"],
            ]
        )
    }

    @Test func `the same said again is the same Decision`() async {
        for _ in 0..<3 {
            #expect(await run(Approve.self, ["workflow/fix"], door: door).error == nil)
        }
        #expect(door.decisions.count == 1)
    }

    @Test func `another action, note, person, target or delivery is another Decision`() async throws {
        await run(Approve.self, ["workflow/fix"], door: door)
        await run(Reject.self, ["workflow/fix"], door: door)
        await run(Approve.self, ["workflow/fix", "--note", "n"], door: door)
        await run(Approve.self, ["workflow/fix"], door: door, userID: 7)
        await run(Approve.self, ["gate/g1"], door: door)
        try door.put("Gate", "g1", status: ["digest": "sha256:2"])
        await run(Approve.self, ["gate/g1"], door: door)
        #expect(door.decisions.count == 6)
        #expect(door.decisions.keys.allSatisfy(isDNSLabel))
    }

    @Test func `a Decision that was refused fails with the reason`() async {
        door.with {
            $0.outcome = [
                "outcome": "refused", "reason": "digest_mismatch",
                "conditions": [["type": "Ready", "status": "False", "message": "it changed"]],
            ]
        }
        let outcome = await run(Approve.self, ["gate/g1"], door: door)
        #expect(outcome.failure?.message == "gate/g1 was not approved: it changed (digest_mismatch)")
        #expect(outcome.output.isEmpty)
    }

    @Test func `a Decision that nobody executes in time is told apart`() async {
        door.with { $0.outcome = [:] }
        let outcome = await run(Approve.self, ["gate/g1", "--timeout", "0s"], door: door)
        #expect(outcome.failure?.exitCode == 3 && door.decisions.count == 1)
    }

    @Test func `of several open gates one must be named`() async throws {
        try openGates("g1", "g2")
        let outcome = await run(Approve.self, ["workflow/fix"], door: door)
        #expect(
            outcome.failure?.message
                == "workflow/fix has several open gates; name one: gate/g1, gate/g2"
        )
        #expect(door.decisions.isEmpty)
    }

    @Test func `what opens later is not approved unseen`() async throws {
        try openGates()
        for outcome in [
            await run(Approve.self, ["wf/fix"], door: door), await run(Reject.self, ["wf/fix"], door: door),
        ] {
            #expect(outcome.failure?.message == "workflow/fix has no gate that waits for a decision")
        }
        #expect(await run(Pause.self, ["wf/fix"], door: door).error == nil)
        #expect(door.decisions.values.compactMap { $0["action"]?.string } == ["pause"])
        try door.put("Workflow", "over", status: ["phase": "completed"])
        door.with { $0.outcome = ["outcome": "refused", "reason": "run_is_terminal"] }
        let over = await run(Approve.self, ["wf/over"], door: door)
        #expect(over.failure?.message.hasSuffix("(run_is_terminal)") == true)
    }

    @Test func `the deletions of a source are approved by its name, or by that of their revision`()
        async throws
    {
        let refused = RefusedPrune(commit: CommitID("abcdef0"), count: 3, digest: Digest("sha256:9"))
        try door.put("GitSource", "main", status: ["refusedPrune": Value(encoding: refused)])
        let label = ["agirunner.dev/source": "main"]
        try door.put("Revision", "main-a", status: ["commit": "abcdef0"], labels: label)
        try door.put("Revision", "main-b", status: ["commit": "bbbbbb0"], labels: label)
        for target in ["gs/main", "revision/main-a"] {
            #expect(await run(Approve.self, [target], door: door).error == nil)
        }
        #expect(door.decisions.values.allSatisfy { $0.at("expects", "digest") == "sha256:9" })
        let other = await run(Approve.self, ["revision/main-b"], door: door)
        #expect(other.failure?.message == "revision/main-b has no deletions that wait for an approval")
        #expect(door.decisions.count == 2)
    }

    @Test func `a server that is restarted meanwhile is waited for`() async {
        door.with { $0.outagesAfterChange = 3 }
        let outcome = await run(Approve.self, ["gate/g1"], door: door)
        #expect(outcome.output == ["gate.agirunner.dev/g1 approved"])
        #expect(door.with(\.outages) == 0)
    }

    @Test func `what does not exist is not decided on`() async {
        let outcome = await run(Retry.self, ["task/none"], door: door)
        #expect(outcome.failure?.reason == "NotFound" && door.decisions.isEmpty)
        #expect(await run(Retry.self, ["task/t1"], door: door).error == nil)
    }
}

@Suite struct ExplainTests {
    @Test func `kinds, fields, codes and reasons are explained`() async {
        #expect(
            await run(Explain.self, ["workflow.spec.budget"]).output.first?.contains("spec.budget") == true
        )
        #expect(await run(Explain.self, ["code", "REF003"]).output.first?.hasPrefix("REF003: ") == true)
        #expect(
            await run(Explain.self, ["reason", "head_moved"]).output.first?.hasPrefix("head_moved: ") == true
        )
    }

    @Test(arguments: [
        (["task"], "a Task is not declared in files; 'agirunner get tasks -o yaml' shows its fields"),
        (["task.status"], "a Task is not declared in files; 'agirunner get tasks -o yaml' shows its fields"),
        (["code"], "a code is missing, as in 'explain code REF003'"),
        (["reason"], "a reason is missing, as in 'explain reason head_moved'"),
        (["role", "spec"], "a field is one word with dots; 'spec' is too much"),
    ])
    func `what cannot be explained is told apart`(arguments: [String], message: String) async {
        #expect(await run(Explain.self, arguments).failure?.message == message)
    }

    @Test func `rules are whole sentences`() async {
        let approvers = await run(Explain.self, ["playbook.spec.stages.gate.approvers"]).output.first ?? ""
        #expect(approvers.contains("Must have at least 1 element.\n    Must have no element twice."))
        let memory = await run(Explain.self, ["workspace.spec.memory"]).output.first ?? ""
        #expect(memory.contains("Its keys must be a name of"))
    }

    @Test(arguments: [
        ("workflow.spec.budgt", "did you mean 'workflow.spec.budget'?"),
        ("workflow.spek", "did you mean 'workflow.spec'?"),
        ("workflow.spec.zzz", "leave its last part out to see what there is"),
    ])
    func `a field that is not there is answered with the nearest one`(subject: String, hint: String) async {
        let failure = await run(Explain.self, [subject]).error as? CommandFailure
        #expect(failure?.message == "there is no field '\(subject)'; \(hint)")
    }
}
