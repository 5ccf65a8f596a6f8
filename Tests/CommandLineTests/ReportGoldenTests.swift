import Domain
import Reconciler
import Support
import Testing

@testable import CommandLine

/// What people read of a comparison, word for word.
@Suite struct ReportGoldenTests {
    @Test(arguments: [("text", "txt"), ("markdown", "md"), ("json", "json")])
    func `a comparison of two revisions is shown as it was`(format: String, suffix: String) async throws {
        let example = try await AppliedExample()
        let outcome = await run(
            Diff.self,
            ["--revision", "v1..HEAD", "-o", format, "--repository", example.repository.path]
        )
        let text = example.named(outcome.output.joined(separator: "\n")) + "\n"
        #expect(try differenceFromGolden(text, "Tests/Goldens/CommandLine/diff.\(suffix)") == nil)
    }

    @Test(arguments: [("text", "txt"), ("markdown", "md")])
    func `a plan with everything in it is shown as it was`(format: String, suffix: String) async throws {
        let example = try await AppliedExample()
        try example.putSource(["prune": ["maxPercent": 10]])
        example.change("Skill", "kept", ["status": ["source": .null, "appliedBy": ["user": "unix:7"]]])
        let outcome = await run(
            PlanVerb.self,
            ["-f", example.repository.path, "--revision", "HEAD", "-o", format],
            door: example.door
        )
        let text = example.named(outcome.output.joined(separator: "\n")) + "\n"
        #expect(try differenceFromGolden(text, "Tests/Goldens/CommandLine/plan.\(suffix)") == nil)
    }

    @Test func `a comment for a pull request never grows beyond what a hosting service takes`() async throws {
        let repository = try await TemporaryRepository()
        var files: [String: String] = [:]
        for index in 0..<900 { files["skills/s\(index).yaml"] = Example.skill("s\(index)") }
        try await repository.commit(files)
        try await repository.commit(
            files.mapValues { $0.replacing("Test first.", with: String(repeating: "x", count: 300)) }
        )
        let outcome = await run(
            Diff.self,
            ["--revision", "HEAD~1..HEAD", "-o", "markdown", "--repository", repository.path]
        )
        let text = outcome.output.joined(separator: "\n")
        #expect(text.count < 65_536 && text.contains("**900 changed**"))
        #expect(text.contains("more objects"))
    }

    @Test func `many conflicts do not make it grow either`() throws {
        var report = ChangeReport(from: [], to: [], comparison: fieldComparison)
        let start = TextPosition(line: 1, column: 1)
        report.conflicts = (0..<900).map { index in
            Diagnostic(
                code: "POL001",
                path: "skills/s\(index).yaml",
                span: TextSpan(start: start, end: start),
                message: String(repeating: "x", count: 100)
            )
        }
        let text = report.markdown(ReportHeading(title: "Changes", from: "a", to: "b"))
        #expect(text.count < 65_536 && text.hasSuffix("… 850 more conflicts"))
    }
}
