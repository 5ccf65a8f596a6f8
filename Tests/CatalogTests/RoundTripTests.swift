import Domain
import Support
import Testing

@testable import Catalog

/// What is made of nothing but a shape is written as YAML, read, decoded into the type of its kind, and
/// encoded again.
@Suite struct RoundTripTests {
    private static let count = 150

    /// The spec of a document as its fields are read, with the defaults; the checks of its meaning left out.
    private func read(_ text: String, _ shape: Shape) -> (spec: Value?, complaints: [String], draft: Draft?) {
        var findings = Findings(path: "a.yaml")
        let stream = YAMLComposer.compose(SourceText(bytes: Array(text.utf8)), &findings)
        guard let document = stream.documents.first, let place = Place(root: document)["spec"] else {
            return (nil, findings.diagnostics.map(\.message) + ["no document"], nil)
        }
        var reader = ShapeReader(findings: findings)
        let spec = reader.read(place, as: .object(shape.spec))
        var judged = Findings(path: "a.yaml")
        let draft = EnvelopeReader().read(document, &judged)
        return (spec, reader.findings.diagnostics.map { $0.text() }, draft)
    }

    /// What a document names of a spec, found in it.
    private func written(_ spec: Value, in text: String) -> Value? {
        var findings = Findings(path: "a.yaml")
        let stream = YAMLComposer.compose(SourceText(bytes: Array(text.utf8)), &findings)
        return stream.documents.first.flatMap { Place(root: $0)["spec"] }.map {
            writtenPart(of: spec, at: $0)
        }
    }

    private func document(_ spec: Value, _ shape: Shape) -> String {
        YAMLText.document([
            "apiVersion": .string(Kind.apiVersion), "kind": .string(shape.kind.name),
            "metadata": ["name": "sample"], "spec": spec,
        ])
    }

    @Test(arguments: KindTests.kinds)
    func `whatever a shape takes comes back as the same value`(kind: String) throws {
        let shape = try #require(Registry.shape(for: kind))
        var generator = SpecGenerator(random: .random())
        let seed = generator.random.seed
        var meant = 0
        for round in 0..<Self.count {
            let made = generator.object(shape.spec)
            let text = document(made, shape)
            let context: Comment = "seed \(seed), round \(round):\n\(text)"
            let first = read(text, shape)
            #expect(first.complaints == [], context)
            let spec = try #require(first.spec, context)
            #expect(made.isPart(of: spec), context)
            #expect(try typed(spec, kind: kind).canonicalJSON == spec.canonicalJSON, context)
            #expect(read(document(spec, shape), shape).spec == spec, context)
            let named = try #require(written(spec, in: text))
            #expect(made.isPart(of: named) && named.names.isSubset(of: made.names), context)
            #expect(read(document(named, shape), shape).spec == spec, context)
            guard let whole = first.draft?.spec else { continue }
            // Its meaning has no mistake either, so the whole way of a file can be gone.
            meant += 1
            #expect(whole == spec, context)
            let object = Object(kind: kind, metadata: Metadata(name: "sample", namespace: nil), spec: spec)
            let short = YAMLText.document(nativeDocument(of: object))
            #expect(read(short, shape).spec == spec, "\(context)\nin short:\n\(short)")
        }
        // Random stages name roles that their playbook does not have, and a random target is of no kind; of
        // all other kinds some specs are sound.
        #expect(meant > 0 || ["Decision", "Playbook"].contains(kind), "seed \(seed)")
    }

    @Test func `there are samples of every form of text`() {
        for format in TextFormat.allCases {
            #expect(!SpecGenerator.samples(of: format).isEmpty, "\(format)")
        }
    }
}

extension Value {
    /// The names of everything in it.
    fileprivate var names: Set<String> {
        switch self {
        case .object(let members):
            members.reduce(into: []) { names, member in
                names.formUnion([member.key] + member.value.names.map { "\(member.key).\($0)" })
            }
        case .array(let elements):
            elements.enumerated().reduce(into: []) { names, element in
                names.formUnion(element.element.names.map { "\(element.offset).\($0)" })
            }
        default: []
        }
    }

    /// Whether everything here is in another value, which may have more members; amounts of money may be
    /// written in other ways.
    fileprivate func isPart(of other: Value) -> Bool {
        switch (self, other) {
        case (.object(let own), .object(let others)):
            own.allSatisfy { name, value in others[name].map { value.isPart(of: $0) } ?? (value == "fail") }
        case (.array(let own), .array(let others)):
            own.count == others.count && zip(own, others).allSatisfy { $0.isPart(of: $1) }
        case (.string(let own), .string(let others)):
            own == others || USD(own) != nil && USD(own) == USD(others)
        default: self == other
        }
    }
}
