import Domain
import Foundation
import Testing

@testable import Catalog

@Suite struct KindTests {
    static let kinds = Registry.shapes.map(\.kind.name)

    /// Reads a sample without looking for what it refers to.
    private func read(_ path: String) throws -> (spec: Value, draft: Draft) {
        var findings = Findings(path: path)
        let stream = YAMLComposer.compose(SourceText(bytes: try Golden.bytes(path)), &findings)
        let document = try #require(stream.documents.first)
        let read = EnvelopeReader().read(document, &findings)
        let draft = try #require(read)
        #expect(findings.diagnostics.isEmpty, "\(findings.diagnostics.map { $0.text() })")
        return (try #require(draft.spec), draft)
    }

    private func reencoded(_ spec: Value, kind: String) throws -> Value {
        switch kind {
        case "Decision": try Value(encoding: spec.decode(DecisionSpec.self))
        case "GitSource": try Value(encoding: spec.decode(GitSourceSpec.self))
        case "ModelProvider": try Value(encoding: spec.decode(ModelProviderSpec.self))
        case "ModelRoute": try Value(encoding: spec.decode(ModelRouteSpec.self))
        case "Playbook": try Value(encoding: spec.decode(PlaybookSpec.self))
        case "Policy": try Value(encoding: spec.decode(PolicySpec.self))
        case "Role": try Value(encoding: spec.decode(RoleSpec.self))
        case "RuntimePool": try Value(encoding: spec.decode(RuntimePoolSpec.self))
        case "RuntimeProfile": try Value(encoding: spec.decode(RuntimeProfileSpec.self))
        case "SecretStore": try Value(encoding: spec.decode(SecretStoreSpec.self))
        case "Skill": try Value(encoding: spec.decode(SkillSpec.self))
        case "ToolProfile": try Value(encoding: spec.decode(ToolProfileSpec.self))
        case "Workflow": try Value(encoding: spec.decode(WorkflowSpec.self))
        case "Workspace": try Value(encoding: spec.decode(WorkspaceSpec.self))
        default: try #require(nil as Value?, "\(kind) must have a typed spec")
        }
    }

    @Test(arguments: kinds, ["minimal", "full"])
    func `a sample decodes into the typed spec and encodes to the same value`(
        kind: String,
        size: String
    )
        throws
    {
        let spec = try read("samples/\(kind)-\(size).yaml").spec
        #expect(try reencoded(spec, kind: kind).prettyJSON == spec.prettyJSON)
    }

    @Test(arguments: kinds) func `the full sample has every field`(kind: String) throws {
        let draft = try read("samples/\(kind)-full.yaml").draft
        var present: Set<String> = []
        collect(try #require(draft.root["spec"]), "spec", &present)
        var declared: Set<String> = []
        collect(draft.shape.spec, "spec", &declared)
        // A directory's path cannot stand beside a repository's URL; the minimal sample has it.
        if kind == "Workspace" { declared.remove("spec.path") }
        if kind == "SecretStore" { declared.remove("spec.config.prefix") }
        #expect(declared.subtracting(present).isEmpty)
    }

    @Test(arguments: kinds, ["minimal", "full"])
    func `a spec that is read back gives itself`(kind: String, size: String) throws {
        let (spec, draft) = try read("samples/\(kind)-\(size).yaml")
        let object = Object(
            kind: kind,
            metadata: Metadata(name: draft.name, namespace: draft.namespace),
            spec: spec
        )
        var findings = Findings(path: "again")
        let again = EnvelopeReader(isDoor: true).read(YAMLNode(try Value(encoding: object)), &findings)
        #expect(findings.diagnostics.isEmpty, "\(findings.diagnostics.map { $0.text() })")
        #expect(again?.spec == spec)
    }

    @Test func `every declared kind has a shape and every shape a sentence for every field`() {
        #expect(Set(Kind.all.filter(\.isDeclared).map(\.name)) == Set(Self.kinds))
        for shape in Registry.shapes {
            #expect(shape.summary.hasSuffix("."))
            #expect(
                sentences(shape.spec).allSatisfy {
                    $0.hasSuffix(".") && $0.first?.isLowercase == false || $0.hasPrefix("human")
                }
            )
        }
    }

    @Test(arguments: kinds) func `the reference page is the one in docs`(kind: String) throws {
        let path = "docs/reference/\(kind.lowercased()).md"
        try Golden.expect(try #require(referencePage(kind: kind)), equals: path)
    }

    @Test func `the page of diagnostics is the one in docs`() throws {
        try Golden.expect(
            diagnosticsPage(),
            equals: "docs/reference/diagnostics.md"
        )
    }

    @Test(arguments: kinds) func `the JSON Schema is the one in docs`(kind: String) throws {
        let schema = try #require(fileSchema(kind: kind)).prettyJSON + "\n"
        try Golden.expect(schema, equals: "docs/reference/schemas/\(kind.lowercased()).json")
    }

    @Test func `one schema of all kinds is in docs, too`() throws {
        let schema = try #require(fileSchema(kind: nil))
        try Golden.expect(schema.prettyJSON + "\n", equals: "docs/reference/schemas/all.json")
        #expect(Set(try #require(schema["$defs"]?.object).keys) == Set(Self.kinds))
        #expect(fileSchema(kind: "Task") == nil)
    }

    @Test func `every file of the example tells editors where its schema is`() throws {
        let schema = try #require(fileSchema(kind: nil)).prettyJSON + "\n"
        let path = "examples/first-light/config"
        try Golden.expect(schema, equals: "\(path)/.agirunner/schema.json")
        let folder = Golden.root.appending(path: path)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") }
        #expect(!files.isEmpty)
        for file in files {
            let up = file.split(separator: "/").dropLast().map { _ in "../" }.joined()
            let line = "# yaml-language-server: $schema=\(up).agirunner/schema.json\n"
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            #expect(text.hasPrefix(line), "\(file)")
        }
    }

    @Test func `explain shows a kind, a field and nothing else`() throws {
        try Golden.expect(
            try #require(explain(kind: "Playbook")) + "\n",
            equals: "Tests/Goldens/Catalog/explain/Playbook.txt"
        )
        try Golden.expect(
            try #require(explain(kind: "Playbook", path: ["spec", "stages", "gate"])) + "\n",
            equals: "Tests/Goldens/Catalog/explain/gate.txt"
        )
        try Golden.expect(
            try #require(explain(kind: "SecretStore")) + "\n",
            equals: "Tests/Goldens/Catalog/explain/SecretStore.txt"
        )
        #expect(explain(kind: "Playbook", path: ["spec", "stage"]) == nil)
        #expect(explain(kind: "Task") == nil)
    }

    @Test func `columns point at fields of the kind`() {
        for shape in Registry.shapes {
            for column in shape.columns where column.path.first == "spec" {
                #expect(explain(kind: shape.kind.name, path: column.path) != nil, "\(column)")
            }
        }
    }

    private func collect(_ place: Place, _ path: String, _ found: inout Set<String>) {
        for (name, _, value) in place.members {
            found.insert("\(path).\(name)")
            collect(value, "\(path).\(name)", &found)
        }
        for element in place.elements { collect(element, path, &found) }
    }

    private func collect(_ fields: Fields, _ path: String, _ found: inout Set<String>) {
        for field in fields.all where !fields.exactlyOne.contains(field.name) {
            found.insert("\(path).\(field.name)")
            if let inner = field.type.fields { collect(inner, "\(path).\(field.name)", &found) }
        }
    }

    private func sentences(_ fields: Fields) -> [String] {
        fields.all.flatMap { [$0.doc] + ($0.type.fields.map(sentences) ?? []) }
    }
}
