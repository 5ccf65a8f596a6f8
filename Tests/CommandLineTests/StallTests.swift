import Domain
import Testing

@testable import CommandLine

/// `wait` for what needs a person, and for several objects.
@Suite(.timeLimit(.minutes(1))) struct StallTests {
    private let door = Door()
    private let ready: Value = ["conditions": [["type": "Ready", "status": "True"]]]
    private let stalled: Value = [
        "conditions": [
            ["type": "Ready", "status": "False", "reason": "Refused", "message": "no"],
            ["type": "Stalled", "status": "True"],
        ]
    ]

    private func wait(_ arguments: String..., timeout: String = "0s") async -> Outcome {
        await run(Wait.self, arguments + ["--timeout", timeout], door: door)
    }

    @Test func `what is stalled ends the wait at once, with a code of its own`() async throws {
        try door.put("Decision", "no", status: stalled)
        let outcome = await wait("decision/no", "--for", "condition=Ready", timeout: "50s")
        #expect(outcome.failure?.exitCode == 4)
        #expect(outcome.failure?.message == "decision/no is stalled: Refused: no")
        #expect(await wait("decision/no", "--for", "condition=Stalled").error == nil)
        #expect(await wait("decision/no", "--for", "condition=Ready=False").error == nil)
        #expect(await wait("decision/no", "--for", "jsonpath=.spec.x").failure?.exitCode == 3)
    }

    @Test(arguments: ["GitSource", "Skill"])
    func `a stall that a commit may mend is not final at once`(kind: String) async throws {
        let place: Value = ["source": ["gitSource": "main", "path": "a.yaml", "line": 1]]
        try door.put("GitSource", "main", status: stalled)
        try door.put(kind, "main", status: stalled.merging(place))
        let outcome = await wait("\(kind.lowercased())/main", "--for", "condition=Ready")
        #expect(outcome.failure?.exitCode == 3)
    }

    @Test func `conditions of an older generation say nothing of what is declared now`() async throws {
        for (name, status) in [("good", "True"), ("bad", "False")] {
            try door.put(
                "Skill",
                name,
                status: [
                    "conditions": [
                        ["type": "Ready", "status": .string(status), "observedGeneration": 1],
                        [
                            "type": "Stalled", "status": .string(status == "True" ? "False" : "True"),
                            "observedGeneration": 1,
                        ],
                    ]
                ]
            )
            let path = "\(ControlClient.base)/namespaces/default/skills/\(name)"
            door.with { $0.objects[path]?["metadata"]?["generation"] = 2 }
            #expect(await wait("skill/\(name)", "--for", "condition=Ready").failure?.exitCode == 3)
        }
    }

    @Test func `several objects are waited for, and each is told`() async throws {
        for name in ["one", "two"] { try door.put("Skill", name, status: ready) }
        let both = await wait("skills", "one", "two", "--for", "condition=Ready")
        #expect(
            both.output == ["skill.agirunner.dev/one condition met", "skill.agirunner.dev/two condition met"]
        )
        let late = await wait("skill/one", "role/none", "role/neither", "--for", "condition=Ready")
        #expect(late.output == ["skill.agirunner.dev/one condition met"])
        #expect(late.failure?.message == "timed out after 0s: role/none does not exist, and 1 more")
    }
}
