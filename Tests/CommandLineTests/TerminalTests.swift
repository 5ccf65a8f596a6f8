import ArgumentParser
import Domain
import Testing

@testable import CommandLine

/// What agents and tools write never commands the terminal of who reads it.
@Suite struct TerminalTests {
    /// Names the window, clears the screen, and turns the direction of what follows.
    private let hostile = "ok\u{1B}]0;x\u{07}\u{1B}[2J\u{9B}1A\u{202E}"
    private let door = Door()

    private func isTame(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            scalar == "\n"
                || (scalar.value >= 0x20 && !(0x7F..<0xA0).contains(scalar.value) && scalar != "\u{202E}")
        }
    }

    private func expectTame(_ outcome: Outcome, _ place: SourceLocation = #_sourceLocation) {
        let texts = outcome.output + outcome.notices + [outcome.failure?.description ?? ""]
        #expect(texts.contains { $0.contains("ok") }, "\(texts)", sourceLocation: place)
        #expect(texts.allSatisfy(isTame), "\(texts)", sourceLocation: place)
    }

    private var conditions: Value {
        [["type": "Ready", "status": "False", "reason": "Failed", "message": .string(hostile)]]
    }

    @Test func `tables, descriptions and events`() async throws {
        let gates: Value = [["name": "g1", "question": .string(hostile)]]
        try door.put(
            "Workflow",
            "fix",
            status: [
                "phase": .string(hostile), "openGates": gates, "conditions": conditions,
                "openEscalations": [["name": "e", "question": .string(hostile)]],
            ]
        )
        let status: Value = [
            "subjectKind": "Workflow", "subjectName": "fix", "workflow": "fix", "type": "t",
            "data": ["message": .string(hostile), "owners": [.string(hostile)]],
        ]
        let event = Object(kind: "Event", metadata: Metadata(name: "3", namespace: "default"), status: status)
        try door.put(Stored(object: event, digest: Digest("d"), origin: Origin(appliedBy: nil)))
        expectTame(await run(Get.self, ["workflows"], door: door))
        expectTame(await run(Describe.self, ["workflow/fix"], door: door))
        expectTame(await run(Events.self, [], door: door))
        expectTame(
            await run(
                Wait.self,
                ["wf/fix", "--for", "gate", "--for", "delete", "--timeout", "0s"],
                door: door
            )
        )
    }

    @Test func `the timeline of a run`() async throws {
        let label = [LiveLabel.workflow: "fix"]
        try door.put(
            "Workflow",
            "fix",
            status: ["phase": "active", "branch": .string(hostile), "head": "abcdef01"]
        )
        try door.put(
            "Attempt",
            "a1",
            status: ["state": "failed", "message": .string("ok\n\(hostile)\nmore")],
            labels: label
        )
        let line: Value = ["source": "tool", "data": ["tool": .string(hostile)]]
        door.with { $0.objects["\(ControlClient.base)/namespaces/default/attempts/a1/log"] = line }
        let votes: Value = [["by": "unix:7", "action": "approve", "note": .string("ok\n\(hostile)")]]
        try door.put("Gate", "g1", status: ["question": .string(hostile), "votes": votes], labels: label)
        let outcome = await run(Timeline.self, ["workflow/fix"], door: door)
        expectTame(outcome)
        #expect(outcome.output.contains { $0.hasPrefix("  ok\n    ok") && $0.hasSuffix("\n    more") })
    }

    @Test func `the reasons of what fails`() async throws {
        try door.put("Workflow", "done", status: ["phase": "failed", "message": .string(hostile)])
        expectTame(await run(Wait.self, ["wf/done", "--for", "phase=completed"], door: door))
        try door.put("Gate", "g1", status: ["digest": "sha256:1"])
        door.with { $0.outcome = ["outcome": "refused", "reason": "x", "conditions": conditions] }
        expectTame(await run(Approve.self, ["gate/g1"], door: door))
        #expect(isTame("\(CommandFailure(hostile))"))
    }

    @Test func `what machines read is left as it is`() async throws {
        try door.put("Workflow", "fix", status: ["phase": .string(hostile)])
        let outcome = await run(Get.self, ["wf/fix", "-o", "json"], door: door)
        #expect(try Value(json: outcome.output.first ?? "").at("status", "phase")?.string == hostile)
    }
}
