import Domain
import Support
import Testing

@testable import CommandLine

@Suite struct TransferTests {
    @Test func `what moved while it was taken is read again`() async throws {
        let example = try await AppliedExample()
        let path = "\(ControlClient.base)/namespaces/default/skills/kept"
        example.door.with {
            $0.afterLook = { objects in
                guard objects[path]?.at("metadata", "resourceVersion") == "3" else { return }
                objects[path]?["metadata"]?["resourceVersion"] = "4"
                objects[path]?["spec"]?["summary"] = "Moved."
            }
        }
        let outcome = await run(TransferVerb.self, ["skill/kept", "--to", "control"], door: example.door)
        #expect(outcome.output == ["skill.agirunner.dev/kept taken for the control door"])
        #expect(example.door.with { $0.objects[path]?.at("spec", "summary") } == "Moved.")
        #expect(example.door.with(\.queries) == ["takeOwnership=true", "takeOwnership=true"])
    }
}

@Suite struct WarningTests {
    @Test func `what the server warns of is told by every verb that changes something`() async throws {
        let example = try await AppliedExample()
        let folder = try await TemporaryFolder()
        try folder.write(Example.skill("new"), to: "new.yaml")
        try folder.write(Example.skill("newer"), to: "newer.yaml")
        let editor = ["EDITOR": "sed -i 's/Test first./Test last./'", "TMPDIR": folder.path]
        example.change("Skill", "testing", ["status": ["source": .null, "appliedBy": ["user": "unix:0"]]])
        example.door.with { $0.warnings = ["watch out\u{1B}[2J"] }
        let outcomes = [
            await run(Apply.self, ["-f", "\(folder.path)/new.yaml"], door: example.door),
            await run(Create.self, ["-f", "\(folder.path)/newer.yaml"], door: example.door),
            await run(Edit.self, ["skill/testing"], door: example.door, variables: editor),
            await run(TransferVerb.self, ["skill/kept", "--to", "control"], door: example.door),
            await run(Label.self, ["skill/kept", "a=b"], door: example.door),
        ]
        for outcome in outcomes {
            #expect(outcome.error == nil)
            #expect(outcome.notices.filter { $0 == "Warning: watch out\u{FFFD}[2J" }.count == 1, "\(outcome)")
        }
    }
}
