import Domain
import Testing

@testable import Catalog

@Suite struct SARIFTests {
    /// An error with a note, a warning, and a value after characters that UTF-16 counts twice.
    private func configuration() throws -> Configuration {
        var configuration = try Configuration()
        let playbook = "playbooks/bug-fix/playbook.yaml"
        configuration.replace("assessedBy: [reviewer]", "assessedBy: [reviwer]", in: playbook)
        configuration.append(
            """
            apiVersion: agirunner.dev/v1
            kind: Playbook
            metadata: {name: odd}
            spec:
              displayName: Odd
              version: "1"
              outcome: Nothing.
              roles: [developer, reviewer]
              stages: [{name: a, goal: "👩‍🚀", roles: [developer]}, {name: b, goal: x}]
              instructions: Wait.

            """,
            to: "odd ones/ünd more.yaml"
        )
        return configuration
    }

    @Test func `diagnostics are a SARIF log`() throws {
        let log = sarif(try configuration().load().diagnostics, version: "1.2.3")
        try Golden.expect(log.prettyJSON + "\n", equals: "Tests/Goldens/Catalog/sarif/log.json")
    }

    @Test func `every result has its rule, its region and a reason to look there`() throws {
        let diagnostics = try configuration().load().diagnostics
        let run = try #require(sarif(diagnostics)["runs"]?.array?.first)
        #expect(run["columnKind"] == "unicodeCodePoints")
        let rules = try #require(run.at("tool", "driver", "rules")?.array)
        let results = try #require(run["results"]?.array)
        #expect(results.count == diagnostics.count && !results.isEmpty)
        for (result, diagnostic) in zip(results, diagnostics) {
            let index = Int(result["ruleIndex"]?.integer ?? -1)
            let rule = try #require(rules.indices.contains(index) ? rules[index] : nil)
            #expect(rule["id"] == result["ruleId"] && result["ruleId"]?.string == diagnostic.code)
            #expect(rule.at("help", "text")?.string?.contains(diagnostic.code) == true)
            let place = result["locations"]?.array?.first?["physicalLocation"]
            let region = place?["region"]
            #expect(region?["startLine"]?.integer == Int64(diagnostic.span.start.line))
            #expect(region?["startColumn"]?.integer == Int64(diagnostic.span.start.column))
            #expect(region?["endColumn"]?.integer == Int64(diagnostic.span.end.column))
            #expect(result["level"]?.string == diagnostic.severity.rawValue)
        }
        let uris = results.compactMap {
            $0["locations"]?.array?.first?.at("physicalLocation", "artifactLocation", "uri")?.string
        }
        #expect(uris.contains("odd%20ones/%C3%BCnd%20more.yaml"))
    }

    @Test func `an absolute path is a file URL, and no diagnostic is a log without results`() {
        let span = TextSpan(start: .init(line: 1, column: 1), end: .init(line: 1, column: 1))
        let diagnostic = Diagnostic(code: "SCH001", path: "/srv/a.yaml", span: span, message: "m", fix: "f")
        let result = sarif([diagnostic])["runs"]?.array?.first?["results"]?.array?.first
        let place = result?["locations"]?.array?.first?.at("physicalLocation", "artifactLocation")
        #expect(place == ["uri": "file:///srv/a.yaml"])
        #expect(result?.at("message", "text") == "m; f")
        #expect(sarif([])["runs"]?.array?.first?["results"] == [])
    }
}
