import Domain
import Testing

@testable import Catalog

/// One mistake put into the good configuration, and the diagnostic that must come of it.
struct Mistake: Sendable, CustomTestStringConvertible {
    let code: Code
    let name: String
    /// The folder of what it is put into.
    var base = "good"
    let make: @Sendable (inout Configuration) -> Void
    var testDescription: String { "\(code.rawValue) \(name)" }

    init(_ code: Code, _ name: String, _ make: @escaping @Sendable (inout Configuration) -> Void) {
        self.code = code
        self.name = name
        self.make = make
    }

    /// A replacement in one file.
    init(_ code: Code, _ name: String, _ path: String, _ old: String, _ new: String) {
        self.init(code, name) { $0.replace(old, new, in: path) }
    }
}

@Suite struct DiagnosticTests {
    @Test(arguments: Mistake.all) func `a mistake is shown where it is, and alone`(mistake: Mistake) throws {
        var configuration = try Configuration(mistake.base)
        mistake.make(&configuration)
        let loaded = configuration.load()
        #expect(!loaded.diagnostics.isEmpty)
        let others = loaded.diagnostics.filter { $0.code != mistake.code.rawValue }
        #expect(others.isEmpty, "\(others.map(\.message))")
        #expect(loaded.diagnostics.allSatisfy { $0.severity == mistake.code.severity })
        #expect(mistake.code.severity == .error || loaded.heldBack.isEmpty, "a warning holds nothing back")
        let path = "Tests/Goldens/Catalog/diagnostics/\(mistake.code.rawValue)-\(mistake.name).txt"
        try Golden.expect(configuration.report(loaded), equals: path)
    }

    @Test func `what YAML does not allow holds back its object and whatever names it`() throws {
        var configuration = try Configuration()
        configuration.replace("memory: 512Mi", "<<: 512Mi", in: "profiles/sandbox.yaml")
        let loaded = configuration.load()
        #expect(loaded.diagnostics.map(\.code) == [Code.mergeKey.rawValue])
        let profile = ObjectKey("RuntimeProfile", namespace: "default", name: "sandbox")
        #expect(loaded.heldBack[profile]?.code == Code.mergeKey.rawValue)
        #expect(loaded.heldBack.keys.contains { $0.kind == "Playbook" || $0.kind == "Role" })
        #expect(!loaded.objects.contains { $0.references.contains(profile) })
    }

    @Test func `every code is shown by a mistake or by a test of its own`() {
        // The plan finds conflicts of ownership, which no file can show.
        let alone: Set<Code> = [
            .tooManyFiles, .tooManyDiagnostics, .tooManyNodes, .heldBack, .ownershipConflict,
        ]
        #expect(Set(Mistake.all.map(\.code)).union(alone) == Set(Code.allCases))
        #expect(alone.isDisjoint(with: Mistake.all.map(\.code)))
    }

    @Test func `no golden is left over from a mistake that is gone`() throws {
        let names = Mistake.all.map { "\($0.code.rawValue)-\($0.name).txt" }
        #expect(Set(names).count == names.count)
        #expect(try Golden.names(in: "diagnostics") == Set(names))
    }

    @Test func `every code has a title and an explanation of its own`() {
        #expect(Set(Code.allCases.map(\.title)).count == Code.allCases.count)
        for code in Code.allCases {
            #expect(code.explanation.hasSuffix(".") && !code.title.isEmpty)
            #expect(explain(code: code.rawValue)?.contains(code.explanation) == true)
        }
        #expect(explain(code: "REF999") == nil)
    }

    @Test func `three mistakes in one file are three diagnostics`() throws {
        var configuration = try Configuration()
        let path = "playbooks/bug-fix/playbook.yaml"
        configuration.replace("version: \"1.0.0\"", "version: 1.0", in: path)
        configuration.replace("maxCycles: 3", "maxCycles: 0", in: path)
        configuration.replace("goal: A person lets it out.", "gaol: A person lets it out.", in: path)
        let loaded = configuration.load()
        #expect(loaded.diagnostics.map(\.code) == ["TXT001", "SCH004", "SCH001"])
        #expect(loaded.diagnostics.allSatisfy { $0.object == "Playbook/bug-fix" && $0.path == path })
    }

    @Test func `a diagnostic is one line of JSON`() throws {
        var configuration = try Configuration()
        configuration.replace(
            "assessedBy: [reviewer]",
            "assessedBy: [reviwer]",
            in: "playbooks/bug-fix/playbook.yaml"
        )
        let diagnostic = try #require(configuration.load().diagnostics.first)
        #expect(!diagnostic.jsonLine.contains("\n"))
        let decoded: Diagnostic = try Value(json: diagnostic.jsonLine).decode()
        #expect(decoded == diagnostic)
    }

    @Test func `a long line is cut around its mistake, and control characters are not printed`() {
        let line = "key: " + String(repeating: "x", count: 100_000) + "\u{1B}[31m\u{202E}"
        let text = Diagnostic(
            code: "SCH001",
            path: "a.yaml",
            span: TextSpan(start: .init(line: 1, column: 100_001), end: .init(line: 1, column: 100_003)),
            message: "m\u{7}",
            fix: "f"
        ).text(source: Array(line.utf8))
        #expect(text.utf8.count < 1000)
        #expect(!text.unicodeScalars.contains { [0x1B, 0x202E, 7].contains($0.value) })
        #expect(text.contains(String(repeating: " ", count: 60) + "^^ f"))
    }

    @Test func `what a file says is cut in messages and fixes`() throws {
        var configuration = try Configuration()
        let name = String(repeating: "x", count: 20_000)
        configuration.replace(
            "assessedBy: [",
            "assessedBy: [\(name), ",
            in: "playbooks/bug-fix/playbook.yaml"
        )
        let diagnostics = configuration.load().diagnostics
        #expect(!diagnostics.isEmpty)
        #expect(diagnostics.allSatisfy { $0.message.unicodeScalars.count <= 1000 })
    }

    @Test func `credentials are masked in an excerpt, whatever it is about`() throws {
        let token = "ghp_0123456789abcdefABCDEF0123456789abcd"
        let bearer = "'Bearer 0123456789abcdefghijklmn'"
        let line = "e: {a: \"\(token)\", b: \(bearer), u: https://ann:pw@h.org/x, z: 1}"
        let span = TextSpan(start: .init(line: 1, column: 1), end: .init(line: 1, column: 2))
        let diagnostic = Diagnostic(code: "SCH001", path: "a.yaml", span: span, message: "m")
        let excerpt = try #require(diagnostic.excerpt(source: Array(line.utf8)))
        let masked = String(repeating: "•", count: token.count)
        #expect(excerpt.contains("a: \"\(masked)\", b: 'Bearer ••"))
        #expect(excerpt.contains("https://••••••@h.org/x, z"))
        #expect(!excerpt.contains("0123") && !excerpt.contains("pw"))
    }

    @Test func `a diagnostic carries its excerpt to where nobody has the file`() throws {
        var configuration = try Configuration()
        configuration.replace("maxCycles: 3", "maxCycles: 0", in: "playbooks/bug-fix/playbook.yaml")
        configuration.replace("engine: local", "engine: locl", in: "profiles/sandbox.yaml")
        var loaded = configuration.load()
        let shown = configuration.report(loaded)
        loaded.addExcerpts(from: configuration.sourceFiles, limit: 1)
        #expect(loaded.diagnostics.map { $0.excerpt != nil } == [true, false])
        loaded.addExcerpts(from: configuration.sourceFiles, limit: 50)
        let carried = try loaded.diagnostics.map { try Value(json: $0.jsonLine).decode() as Diagnostic }
        #expect(carried.map { $0.text() + "\n" }.joined() == shown)
    }
}
