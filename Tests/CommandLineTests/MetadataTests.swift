import Domain
import Support
import Testing

@testable import CommandLine

/// `label`, `annotate` and `patch`.
@Suite struct MetadataTests {
    private let door = Door()

    init() throws { try door.put("Skill", "one", status: [:], labels: ["team": "red", "tier": "1"]) }

    private func metadata(_ field: String) -> Value? {
        door.with { $0.objects["\(ControlClient.base)/namespaces/default/skills/one"]?.at("metadata", field) }
    }

    private func label(_ arguments: String...) async -> Outcome {
        await run(Label.self, arguments, door: door)
    }

    @Test func `labels are set, replaced when asked to, and taken away`() async {
        #expect(await label("skill/one", "new=x").output == ["skill.agirunner.dev/one labeled"])
        let refused = await label("skill/one", "team=blue")
        #expect(
            refused.failure?.message == "'team' already has a value (red), and --overwrite is not given"
        )
        #expect(await label("skill", "one", "team=blue", "--overwrite").error == nil)
        #expect(await label("skill/one", "tier-").output == ["skill.agirunner.dev/one unlabeled"])
        #expect(metadata("labels") == ["team": "blue", "new": "x"])
    }

    @Test func `what is so already is not written`() async {
        let outcome = await label("skill/one", "team=red", "none-")
        #expect(outcome.output == ["skill.agirunner.dev/one not labeled"])
        #expect(door.with(\.methods) == ["GET"])
    }

    @Test func `annotations are set, and values may hold anything`() async {
        let words = ["skill/one", "example.org/note=a=b c"]
        let tried = await run(Annotate.self, words + ["--dry-run=server"], door: door)
        #expect(tried.output == ["skill.agirunner.dev/one annotated (server dry run)"])
        #expect(door.with(\.queries) == ["dryRun=All"] && metadata("annotations") == nil)
        let outcome = await run(Annotate.self, words, door: door)
        #expect(outcome.output == ["skill.agirunner.dev/one annotated"])
        #expect(metadata("annotations") == ["example.org/note": "a=b c"])
        let gone = await run(Annotate.self, ["skill/one", "example.org/note-"], door: door)
        #expect(gone.output == ["skill.agirunner.dev/one annotated"] && metadata("annotations") == [:])
    }

    @Test(arguments: [
        ["skill/one"], ["skill/one", "word"], ["skill/one", "=x"], ["skill/one", "-"],
        ["skill/one", "a=1", "a=2"], ["skill/one", "a=1", "a-"], ["skill"],
    ])
    func `what is no change is refused`(arguments: [String]) async {
        let outcome = await run(Label.self, arguments, door: door)
        #expect(outcome.error != nil && door.with(\.methods).isSubset(of: ["GET"]))
    }

    @Test func `a merge patch comes from the command line or a file`() async throws {
        let patch = #"{"metadata":{"labels":{"team":null,"new":"x"}}}"#
        let outcome = await run(Patch.self, ["skill/one", "--type", "merge", "-p", patch], door: door)
        #expect(outcome.output == ["skill.agirunner.dev/one patched"])
        #expect(metadata("labels") == ["tier": "1", "new": "x"])
        let folder = try await TemporaryFolder()
        try folder.write(patch, to: "patch.json")
        let file = ["skill", "one", "--patch-file", "\(folder.path)/patch.json"]
        let again = await run(Patch.self, file, door: door)
        #expect(again.output == ["skill.agirunner.dev/one patched (no change)"])
        #expect(door.with(\.queries) == ["fieldValidation=Strict", "fieldValidation=Strict"])
    }

    @Test func `a JSON patch is sent as one`() async {
        let patch = #"[{"op":"remove","path":"/metadata/labels/team"}]"#
        let outcome = await run(Patch.self, ["skill/one", "--type", "json", "-p", patch], door: door)
        #expect(outcome.output == ["skill.agirunner.dev/one patched"])
        #expect(metadata("labels") == ["tier": "1"])
    }

    @Test(arguments: [
        [], ["-p", "{"], ["-p", "[]"], ["-p", "{}", "--patch-file", "x"], ["-p", "{}", "--type", "json"],
        ["two", "-p", "{}"], ["-p", "{}", "--type", "strategic"],
    ])
    func `what is no patch is refused`(arguments: [String]) async {
        let outcome = await run(Patch.self, ["skill/one"] + arguments, door: door)
        #expect(outcome.error != nil && !door.with(\.methods).contains("PATCH"))
    }
}

@Suite struct SuspendTests {
    private func source(_ example: AppliedExample) -> Value? {
        example.door.with { $0.objects["\(ControlClient.base)/gitsources/main"] }
    }

    private func suspend(_ example: AppliedExample) async -> Outcome {
        await run(Suspend.self, ["gitsource/main"], door: example.door)
    }

    private func resume(_ example: AppliedExample) async -> Outcome {
        await run(Resume.self, ["gs/main"], door: example.door)
    }

    @Test func `a source that a person applied is suspended by its spec`() async throws {
        let example = try await AppliedExample()
        #expect(await suspend(example).output == ["gitsource.agirunner.dev/main suspended"])
        #expect(source(example)?.at("spec", "suspend") == true)
        #expect(await suspend(example).output == ["gitsource.agirunner.dev/main suspended already"])
        #expect(await resume(example).output == ["gitsource.agirunner.dev/main resumed"])
        #expect(source(example)?.at("spec", "suspend") == false)
        example.change("GitSource", "main", ["metadata": ["annotations": ["agirunner.dev/suspend": "true"]]])
        #expect(await resume(example).error == nil)
        #expect(source(example)?.at("metadata", "annotations") == [:])
        #expect(await resume(example).output == ["gitsource.agirunner.dev/main resumed already"])
    }

    @Test func `a source that git declares is suspended by an annotation`() async throws {
        let example = try await AppliedExample()
        let place: Value = ["gitSource": "parent", "path": "sources/main.yaml", "line": 2, "column": 1]
        example.change("GitSource", "main", ["status": ["source": place, "appliedBy": .null]])
        #expect(await suspend(example).error == nil)
        #expect(source(example)?.at("spec", "suspend") == false)
        #expect(source(example)?.at("metadata", "annotations") == ["agirunner.dev/suspend": "true"])
        #expect(await resume(example).error == nil)
        #expect(source(example)?.at("metadata", "annotations") == [:])
        example.change("GitSource", "main", ["spec": ["suspend": true]])
        #expect(
            await resume(example).failure?.message
                == "GitSource/main is suspended by its file, sources/main.yaml:2; change it there"
        )
    }

    @Test func `only a source is suspended, and only a run is resumed with a note`() async throws {
        let example = try await AppliedExample()
        let run = await CommandLineTests.run(Suspend.self, ["workflow/fix"], door: example.door)
        #expect(run.failure?.message.contains("agirunner pause") == true)
        let noted = ["gitsource/main", "--note", "x"]
        #expect(await CommandLineTests.run(Resume.self, noted, door: example.door).failure != nil)
        #expect(!example.door.with(\.methods).contains("PATCH"))
    }
}
