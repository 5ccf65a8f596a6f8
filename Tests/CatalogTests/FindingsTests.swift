import Domain
import Testing

@testable import Catalog

/// What becomes of mistakes beyond the number that is listed, and of credentials in what is said.
@Suite struct FindingsTests {
    private let place = TextSpan(start: .init(line: 1, column: 1), end: .init(line: 1, column: 2))

    @Test func `warnings alone hold nothing back, however many there are`() {
        var findings = Findings(path: "a.yaml")
        for number in 0..<150 { findings.report(.unused, at: place, "w\(number)") }
        #expect(findings.diagnostics.count == 100 && findings.diagnostics.last?.code == "BYT006")
        #expect(findings.diagnostics.allSatisfy { $0.severity == .warning })
        #expect(findings.firstError(in: place) == nil)
    }

    @Test
    func `an error takes the room of a warning, and of errors that are not listed the last entry tells`() {
        var findings = Findings(path: "a.yaml")
        for number in 0..<150 { findings.report(.unused, at: place, "w\(number)") }
        for number in 0..<99 {
            findings.report(.malformed, at: place, "e\(number)")
            #expect(findings.firstError(after: number)?.message == "e\(number)")
        }
        #expect(findings.diagnostics.last?.severity == .warning)
        findings.report(.malformed, at: place, "one more")
        #expect(findings.diagnostics.map(\.message).first == "e0" && findings.diagnostics.count == 100)
        #expect(findings.firstError(after: 99)?.code == "BYT006")
        #expect(findings.diagnostics.last?.severity == .error)
    }

    /// A Skill with as many fields that no Skill has.
    private func skill(_ unknown: Int, body: Value = "Slowly.") -> Value {
        var spec: [String: Value] = ["displayName": "Reading", "summary": "How to read.", "body": body]
        for number in 0..<unknown { spec["other\(number)"] = 1 }
        return [
            "apiVersion": "agirunner.dev/v1", "kind": "Skill", "metadata": ["name": "reading"],
            "spec": .object(spec),
        ]
    }

    @Test func `unknown fields that are warned of are no reason to refuse an object, an error is one`() throws
    {
        let options = LoadOptions().with { $0.unknownFields = .warned }
        let loaded = Loader().load(skill(120), options: options)
        #expect(loaded.objects.count == 1 && loaded.heldBack.isEmpty && !loaded.hasErrors)
        #expect(throws: Never.self) { try Loader().validate(skill(120), options: options).get() }
        let bad = Loader().load(skill(120, body: 5), options: options)
        #expect(bad.objects.isEmpty && bad.hasErrors)
        #expect(bad.diagnostics.filter { $0.severity == .error }.map(\.code) == ["TXT001"])
        #expect(bad.heldBack.values.map(\.code) == ["TXT001"])
    }

    @Test func `a credential that is complained about is not said`() throws {
        let token = "ghp_0123456789abcdefABCDEF0123456789abcd"
        var configuration = try Configuration()
        let path = "playbooks/bug-fix/playbook.yaml"
        configuration.replace("assessedBy: [reviewer]", "assessedBy: [\(token)]", in: path)
        configuration.replace("goal: A person", "\(token): A person", in: path)
        let loaded = configuration.load()
        #expect(Set(loaded.diagnostics.map(\.code)).isSuperset(of: ["REF003", "SCH001", "SEC001"]))
        let said = loaded.diagnostics + loaded.heldBack.values
        #expect(!said.contains { $0.jsonLine.contains("0123456789") }, "\(said.map(\.jsonLine))")
    }
}
