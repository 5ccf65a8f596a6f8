import ArgumentParser
import Domain
import Support
import Testing

@testable import CommandLine

@Suite struct DiagnosticVerbTests {
    private let skill = """
        apiVersion: agirunner.dev/v1
        kind: Skill
        metadata:
          name: testing
        spec:
          displayName: Testing
          summary: How to test.
          body: Test first.

        """

    @Test func `warnings alone are no failure, and only a folder is asked who uses what`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write(skill, to: "a.yaml")
        let outcome = await run(Validate.self, [folder.path])
        #expect(outcome.error == nil)
        #expect(
            outcome.output.first?.contains("a.yaml:4:9: warning[REF008]: metadata.name should be used")
                == true
        )
        #expect(outcome.notices.first == "1 object valid, 0 errors, 1 warning")
        let place = "\(folder.path)/a.yaml:4:9"
        #expect(outcome.notices.last == "  - whether it has something that uses Skill/testing, at \(place)")
        let single = await run(Validate.self, ["\(folder.path)/a.yaml"])
        #expect(single.error == nil && single.output.isEmpty)
    }

    @Test func `what only the server knows is listed`() async throws {
        let folder = try await TemporaryFolder()
        let role = """
            apiVersion: agirunner.dev/v1
            kind: Role
            metadata: {name: r}
            spec: {displayName: R, description: d, prompt: p, toolProfileRef: tools}

            """
        try folder.write(role, to: "r.yaml")
        let outcome = await run(Validate.self, [folder.path])
        #expect(outcome.error as? ExitCode == .failure)
        #expect(
            outcome.notices == [
                "0 objects valid, 1 error, 0 warnings", "not checked, because only the server knows:",
                "  - which files the source reads, what its grants allow, and who owns the objects already",
                "  - whether it has what spec.toolProfileRef names, at \(folder.path)/r.yaml:4:67",
            ]
        )
    }

    @Test func `diagnostics may be a SARIF log, and no other form is known`() async throws {
        let folder = try await TemporaryFolder()
        try folder.write(skill.replacing("kind: Skill", with: "kind: Skil"), to: "a.yaml")
        let outcome = await run(Validate.self, [folder.path, "-o", "sarif"])
        #expect(outcome.error as? ExitCode == .failure && outcome.output.count == 1)
        let log = try Value(json: outcome.output.first ?? "")
        let result = log["runs"]?.array?.first?["results"]?.array?.first
        #expect(log["version"] == "2.1.0" && result?["ruleId"] == "ENV002")
        let unknown = await run(Validate.self, [folder.path, "-o", "xml"])
        #expect(unknown.failure?.message == "--output must be text, json or sarif, and is 'xml'")
    }

    @Test func `a schema is printed for a kind, or for all`() async throws {
        let playbook = try Value(json: await run(Schema.self, ["playbooks"]).output.first ?? "")
        #expect(playbook["$id"] == "https://agirunner.dev/v1/schemas/playbook.json")
        let all = try Value(json: await run(Schema.self, []).output.first ?? "")
        #expect(all.at("$defs", "Playbook", "title") == "Playbook")
        let live = await run(Schema.self, ["task"])
        #expect(live.failure?.message == "a Task is not declared in files; controllers write it")
    }

    @Test func `describe shows a source's diagnostics as validate does`() async throws {
        let door = Door()
        let span = TextSpan(start: .init(line: 4, column: 9), end: .init(line: 4, column: 11))
        let diagnostic = Diagnostic(
            code: "REF003",
            path: "a.yaml",
            span: span,
            message: "x must be y",
            fix: "did you mean 'y'?",
            excerpt: "    4 |   roles: xx\n      |          ^^ did you mean 'y'?"
        )
        try door.put("GitSource", "main", status: ["diagnostics": [Value(encoding: diagnostic)]])
        let outcome = await run(Describe.self, ["gitsource/main"], door: door)
        let lines = try #require(outcome.output.firstIndex(of: "\nDiagnostics:"), "\(outcome)")
        #expect(
            outcome.output[(lines + 1)...].prefix(3) == [
                "  a.yaml:4:9: error[REF003]: x must be y", "      4 |   roles: xx",
                "        |          ^^ did you mean 'y'?",
            ]
        )
        #expect(outcome.output.first?.contains("diagnostics") == false)
    }
}
