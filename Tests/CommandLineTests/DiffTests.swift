import ArgumentParser
import Domain
import Support
import Testing

@testable import CommandLine

@Suite struct DiffTests {
    private func diff(_ example: AppliedExample, _ arguments: String...) async -> Outcome {
        await run(Diff.self, arguments + ["--repository", example.repository.path], door: example.door)
    }

    private func code(_ outcome: Outcome) -> Int32? {
        (outcome.error as? ExitCode)?.rawValue ?? outcome.failure?.exitCode
    }

    @Test func `two revisions are compared without a server`() async throws {
        let example = try await AppliedExample()
        let outcome = await diff(example, "--revision", "v1..HEAD")
        #expect(code(outcome) == 1 && example.door.with(\.methods).isEmpty)
        let last = outcome.output.joined().split(separator: "\n").last
        #expect(last == "1 created, 1 changed, 1 deleted, 1 moved")
    }

    @Test func `what is the same, or only renamed, is no difference`() async throws {
        let example = try await AppliedExample()
        let same = await diff(example, "--revision", "HEAD..HEAD", "--detailed-exitcode")
        #expect(same.error == nil && same.output.joined().hasSuffix("no changes"))
        try await example.repository.git("mv", "skills/new.yaml", "skills/newer.yaml")
        try await example.repository.commit([:])
        let renamed = await diff(example, "--revision", "HEAD~1..")
        #expect(renamed.error == nil && renamed.output.joined().hasSuffix("1 moved"))
    }

    @Test(arguments: [
        ("--revision v1..HEAD", 1), ("--revision v1..HEAD --detailed-exitcode", 2),
        ("--revision nothing..HEAD", 2), ("--revision nothing..HEAD --detailed-exitcode", 1),
        ("--revision HEAD", 2), ("", 2), ("--revision v1..HEAD -o yaml", 2),
    ]) func `the exit code tells the same, different and failed apart`(
        arguments: String,
        wanted: Int32
    )
        async throws
    {
        let example = try await AppliedExample()
        let words = arguments.split(separator: " ").map(String.init)
        let all = words + ["--repository", example.repository.path]
        #expect(code(await run(Diff.self, all, door: example.door)) == wanted)
    }

    @Test func `three dots compare with what both have in common`() async throws {
        let example = try await AppliedExample()
        try await example.repository.git("checkout", "-q", "-b", "topic", "v1")
        try await example.repository.commit(["skills/topic.yaml": Example.skill("topic")])
        let outcome = await diff(example, "--revision", "main...topic", "-o", "json")
        let report = try Value(json: outcome.output.joined())
        let keys = (report["changes"]?.array ?? []).map { $0.at("key", "name")?.string }
        #expect(keys == ["topic"] && report["from"]?.string == String(example.first.prefix(7)))
    }

    @Test func `only one folder of the repository is read when it is named`() async throws {
        let example = try await AppliedExample()
        let outcome = await diff(example, "--revision", "v1..HEAD", "skills")
        #expect(outcome.output.joined().hasSuffix("1 created, 1 deleted, 1 moved"))
        let nowhere = await diff(example, "--revision", "v1..HEAD", "nowhere")
        #expect(nowhere.error == nil, "a folder that neither commit has declares nothing")
    }

    @Test func `a mistake in the new tree fails the comparison and is shown at its place`() async throws {
        let example = try await AppliedExample()
        try await example.repository.commit([
            "skills/new.yaml": Example.skill("new").replacing("summary:", with: "sumary:")
        ])
        let outcome = await diff(example, "--revision", "HEAD~1..HEAD", "--detailed-exitcode")
        #expect(code(outcome) == 1)
        #expect(outcome.notices.first?.hasPrefix("skills/new.yaml:7:3: error[SCH001]") == true)
        #expect(outcome.output.joined().contains("! Skill/new  skills/new.yaml:7:3  SCH001"))
    }

    @Test func `a warning is told when it is new, and does not fail the comparison`() async throws {
        let example = try await AppliedExample()
        let outcome = await diff(example, "--revision", "v1..HEAD", "--detailed-exitcode")
        #expect(code(outcome) == 2)
        let heads = outcome.notices.map { $0.prefix { $0 != "\n" } }
        #expect(heads.contains { $0.hasPrefix("skills/new.yaml:4:9: warning[REF008]") }, "\(heads)")
        #expect(!heads.contains { $0.contains("kept") }, "nothing used it before, either")
    }

    @Test func `files are compared with what the server has, and an owner is named`() async throws {
        let example = try await AppliedExample()
        let folder = try await TemporaryFolder()
        try folder.write(Example.skill("kept", body: "Other."), to: "a.yaml")
        try folder.write(Example.skill("mine"), to: "b.yaml")
        let outcome = await run(Diff.self, ["-f", folder.path], door: example.door)
        #expect(code(outcome) == 1)
        #expect(
            example.door.with(\.methods) == ["GET"],
            "neither what is new nor what git declares is asked for"
        )
        let text = outcome.output.joined()
        #expect(text.contains("spec.body: \"Test first.\" -> \"Other.\""))
        #expect(text.contains("+ Skill/mine"))
        #expect(outcome.notices.first?.contains("declared by GitSource/main at skills/kept.yaml:1:1") == true)
        try folder.write(Example.skill("kept"), to: "a.yaml")
        try folder.remove("b.yaml")
        #expect(await run(Diff.self, ["-f", folder.path], door: example.door).error == nil)
    }

    @Test func `files that are invalid, or not there, are no difference`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write(Example.skill("kept").replacing("kind: Skill", with: "kind: Skil"), to: "a.yaml")
        #expect(code(await run(Diff.self, ["-f", folder.path])) == 2)
        #expect(code(await run(Diff.self, ["-f", folder.path, "--detailed-exitcode"])) == 1)
        #expect(code(await run(Diff.self, ["-f", "\(folder.path)/none.yaml"])) == 2)
    }

    @Test(arguments: [
        ("a..b", "a", "b", false), ("a...b", "a", "b", true), ("..b", "HEAD", "b", false),
        ("a..", "a", "HEAD", false), ("...", "HEAD", "HEAD", true), ("v1.0..v1.1", "v1.0", "v1.1", false),
    ]) func `a range is read as git reads it`(text: String, from: String, to: String, isBase: Bool) throws {
        let range = try RevisionRange(text)
        #expect((range.from, range.to, range.isFromMergeBase) == (from, to, isBase))
    }
}

@Suite struct DriftTests {
    private func drift(_ example: AppliedExample, _ arguments: String...) async -> Outcome {
        await run(Drift.self, arguments, door: example.door)
    }

    @Test func `a server that has what the applied commit declares has not drifted`() async throws {
        let example = try await AppliedExample()
        let outcome = await drift(example)
        #expect(outcome.error == nil && outcome.output.joined().hasSuffix("no changes"))
        #expect(await drift(example, "gitsource/main").output == outcome.output)
        #expect(await drift(example, "role/main").failure?.message == "drift is that of one gitsource/NAME")
        #expect(example.door.with(\.methods) == ["GET"], "drift only reads")
    }

    @Test func `what differs, and what is missing, is drift`() async throws {
        let example = try await AppliedExample()
        example.change("Skill", "kept", ["spec": ["body": "By hand."]])
        example.change("Skill", "old", nil)
        let outcome = await drift(example, "--detailed-exitcode")
        #expect(outcome.error as? ExitCode == ExitCode(2))
        #expect((await drift(example)).error as? ExitCode == ExitCode(1))
        let text = outcome.output.joined()
        #expect(text.contains("skills/kept.yaml:8:9 spec.body: \"Test first.\" -> \"By hand.\""))
        #expect(text.contains("- Skill/old  skills/old.yaml:1:1"))
        #expect(example.door.with(\.methods) == ["GET"])
    }

    @Test func `a commit that nobody here has cannot be compared`() async throws {
        let example = try await AppliedExample()
        try example.putSource(applied: String(repeating: "a", count: 40))
        let outcome = await drift(example)
        #expect(outcome.failure?.exitCode == 2)
        #expect(outcome.failure?.message.contains("does not have commit aaaaaaa") == true)
    }
}
