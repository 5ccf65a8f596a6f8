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

    @Test(arguments: kinds, ["minimal", "full"])
    func `a sample decodes into the typed spec and encodes to the same value`(
        kind: String,
        size: String
    )
        throws
    {
        let spec = try read("samples/\(kind)-\(size).yaml").spec
        #expect(try typed(spec, kind: kind).prettyJSON == spec.prettyJSON)
    }

    /// Samples of what excludes the fields of the full ones.
    private static let others = ["GitSource-commit", "SecretStore-sealed", "Trigger-clock", "Trigger-git"]

    @Test(arguments: others) func `a sample of other fields decodes and encodes alike`(name: String) throws {
        let (spec, draft) = try read("samples/\(name).yaml")
        #expect(try typed(spec, kind: draft.kind.name).prettyJSON == spec.prettyJSON)
    }

    @Test(arguments: kinds) func `the samples have every field`(kind: String) throws {
        let draft = try read("samples/\(kind)-full.yaml").draft
        var present: Set<String> = []
        let names = ["\(kind)-minimal", "\(kind)-full"] + Self.others.filter { $0.hasPrefix(kind + "-") }
        for name in names {
            collect(try #require(try read("samples/\(name).yaml").draft.root["spec"]), "spec", &present)
        }
        var declared: Set<String> = []
        collect(draft.shape.spec, "spec", &declared)
        if kind == "McpServer" { declared.remove("spec.auth.secretRef") }
        declared = declared.filter { !$0.hasPrefix("spec.auth.secretRef.") || kind != "McpServer" }
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

    @Test func `what an object refers to is of a kind that is applied before its own`() {
        for shape in Registry.shapes {
            for kind in references(shape.spec) where kind != shape.kind.name {
                let before = Kind.named(kind)?.layer ?? .max
                #expect(before < shape.kind.layer, "a \(shape.kind.name) refers to a \(kind)")
            }
        }
        let all = Registry.shapes.flatMap { references($0.spec) }
        #expect(Set(all).isSuperset(of: ["Playbook", "WorkItem", "Workflow"]))
    }

    @Test(arguments: kinds) func `the reference page is the one in docs`(kind: String) throws {
        let path = "docs/reference/\(kind.lowercased()).md"
        let example = String(decoding: try Data(contentsOf: Self.example(kind)), as: UTF8.self)
        try Golden.expect(try #require(referencePage(kind: kind, example: example)), equals: path)
    }

    private static func example(_ kind: String) -> URL {
        Golden.root.appending(path: "examples/kinds/\(kind).yaml")
    }

    @Test func `the files of the examples, one for each kind, are a configuration without an error`() throws {
        let files = try Self.kinds.map { kind in
            SourceFile(path: "\(kind).yaml", bytes: [UInt8](try Data(contentsOf: Self.example(kind))))
        }
        var options = LoadOptions.offline(isWhole: true)
        (options.gitSource, options.commit) = ("examples", CommitID(String(repeating: "a", count: 40)))
        let loaded = Loader().load(files, options: options)
        let errors = loaded.diagnostics.filter { $0.severity == .error }
        #expect(errors.isEmpty && loaded.heldBack.isEmpty, "\(errors.map { $0.text() })")
        // A file begins with an object of its kind; what else that needs may follow.
        let first = Dictionary(grouping: loaded.objects, by: { $0.origin.path ?? "" })
            .mapValues { $0.min { ($0.origin.line ?? 0) < ($1.origin.line ?? 0) }?.object.kind }
        #expect(first == Dictionary(uniqueKeysWithValues: Self.kinds.map { ("\($0).yaml", $0) }))
        // Nothing is doubtful about them but that some have no effect yet.
        #expect(Set(loaded.diagnostics.map(\.code)) == ["SEM016"])
        let inert = Set(Kind.all.filter(\.isInert).map(\.name))
        #expect(Set(loaded.diagnostics.map(\.path)) == Set(inert.map { "\($0).yaml" }))
    }

    @Test func `a default that nothing acts on is no doubt, and another value is one`() throws {
        let role: Value = [
            "apiVersion": .string(Kind.apiVersion), "kind": "Role", "metadata": ["name": "writer"],
            "spec": ["displayName": "W", "description": "D.", "prompt": "P.", "tools": ["file_read"]],
        ]
        let declared = try Loader().validate(role, options: LoadOptions()).get()
        // As the server shows it, with every default filled in.
        let shown = try Value(encoding: declared.object)
        #expect(Loader().load(shown, options: LoadOptions()).diagnostics.isEmpty)
        let other = shown.merging(["spec": ["escalation": ["maxDepth": 6]]])
        let fields = Loader().load(other, options: LoadOptions()).diagnostics.map(\.field)
        #expect(fields == ["spec.escalation.maxDepth"])
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

    @Test(arguments: kinds) func `explain shows a kind and its spec`(kind: String) throws {
        let texts = [explain(kind: kind), explain(kind: kind, path: ["spec"])]
        try Golden.expect(
            try texts.map { try #require($0) + "\n" }.joined(separator: "\n"),
            equals: "Tests/Goldens/Catalog/explain/\(kind).txt"
        )
    }

    @Test func `explain shows a field and nothing else`() throws {
        try Golden.expect(
            try #require(explain(kind: "Playbook", path: ["spec", "stages", "gate"])) + "\n",
            equals: "Tests/Goldens/Catalog/explain/gate.txt"
        )
        #expect(explain(kind: "Playbook", path: ["spec", "stage"]) == nil)
        #expect(explain(kind: "Task") == nil)
        #expect(try Golden.names(in: "explain") == Set(Self.kinds.map { "\($0).txt" } + ["gate.txt"]))
    }

    @Test func `what has no effect says so wherever it is described, and is not relied on unnoticed`() throws
    {
        for shape in Registry.shapes {
            let says = "Nothing acts on it yet"
            let name = shape.kind.name
            #expect(explain(kind: name)?.contains(says) == shape.kind.isInert)
            #expect(shape.kind.isInert == (Readiness.whenStored(name) == .kept))
            let fields = shape.spec.all.filter(\.isInert)
            for field in fields {
                #expect(explain(kind: name, path: ["spec", field.name])?.contains(says) == true)
            }
            let schema = try #require(jsonSchema(kind: name)).canonicalJSON
            #expect(schema.contains(says) || fields.isEmpty && !shape.kind.isInert)
        }
        let doubts = try read("samples/RuntimeProfile-full.yaml").draft.doubts
        let inert = [
            "engine", "env[1].secretRef", "image", "network.allowDomains", "pullPolicy", "resources.cpu",
            "workspaceTypes",
        ]
        #expect(doubts.compactMap(\.field).sorted() == inert.map { "spec.\($0)" })
        #expect(explain(kind: "Workspace", path: ["spec", "type"])?.contains("As yet, git alone") == true)
    }

    @Test func `the columns of each kind are these`() throws {
        let lines = Registry.shapes.map { shape in
            let columns = shape.columns.map { column in
                let type = shape.type(of: column) == "string" ? "" : " (\(shape.type(of: column)))"
                return column.title + type + (column.isWide ? " when wide" : "")
            }
            return "\(shape.kind.name): \(columns.joined(separator: ", "))\n"
        }
        try Golden.expect(lines.joined(), equals: "Tests/Goldens/Catalog/columns.txt")
    }

    @Test func `columns point at fields of the kind`() {
        for shape in Registry.shapes {
            let paths = shape.columns.flatMap { [$0.path, $0.otherPath] }
            for path in paths where path.first == "spec" {
                #expect(explain(kind: shape.kind.name, path: path) != nil, "\(path)")
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
        for field in fields.all {
            found.insert("\(path).\(field.name)")
            if let inner = field.type.fields { collect(inner, "\(path).\(field.name)", &found) }
        }
    }

    /// The kinds that fields refer to, at any depth.
    private func references(_ fields: Fields) -> [String] {
        fields.all.flatMap { references($0.type) }
    }

    private func references(_ type: FieldType) -> [String] {
        switch type {
        case .text(let rule): [rule.reference].compactMap(\.self)
        case .list(let element, _, _): references(element)
        case .map(let value, _): references(value)
        case .object(let fields): references(fields)
        case .either(_, let type): references(type)
        case .integer, .boolean, .anything: []
        }
    }

    private func sentences(_ fields: Fields) -> [String] {
        fields.all.flatMap { [$0.doc] + ($0.type.fields.map(sentences) ?? []) }
    }
}
