import Domain
import Support
import Testing

@testable import Catalog
@testable import CommandLine

@Suite struct YAMLTextTests {
    @Test func `the envelope's keys come first, and the name first within the metadata`() {
        let object: Value = [
            "status": ["phase": "active"], "spec": ["list": ["one", ["a": 1, "b": []]]],
            "metadata": ["namespace": "default", "labels": [:], "name": "x"], "kind": "Role",
            "apiVersion": "v1",
        ]
        let text = """
            apiVersion: v1
            kind: Role
            metadata:
              name: x
              namespace: default
              labels: {}
            spec:
              list:
              - one
              - a: 1
                b: []
            status:
              phase: active

            """
        #expect(YAMLText.document(object) == text)
    }

    @Test func `a text of several lines is a block that people can read`() {
        let text = YAMLText.document(["prompt": "Do this.\n\n  - first\nThen stop.\n", "short": "a\nb"])
        #expect(
            text == """
                prompt: |
                  Do this.

                    - first
                  Then stop.
                short: |-
                  a
                  b

                """
        )
    }

    @Test(arguments: [
        "yes", "No", "on", "~", "null", "True", "1", "1.5", "0x1f", "2024-01-31", "-", "- a", "a: b", "a #b",
        "a:", " a", "a ", "", "#", "&a", "*a", "!a", "%a", "@a", "`a", "{a", "[a", "|", ">", "'a", "\"a",
        "?", "? a", "a\u{7F}b", "a\u{85}b", "a\u{9B}b", "a\u{2028}b", "a\u{FEFF}b", "a\u{FFFE}b", "a\tb",
        "a\r\nb", "a\u{85}\nb", "a\u{7F}\nb", "a\u{2029}\nb", "é", "👩‍🚀\n", "\n", "\n\n", "a\n\n", "a\n \n",
        " a\nb", "\ta\nb", "a\n  b", "a\\b", "a\"b", "a'b", "<<", "=", ".inf", "=a",
    ]) func `a text that YAML could take for something else is read back as it was`(text: String) throws {
        let value: Value = [
            "member": .string(text), "list": [.string(text), [.string(text)], ["a": .string(text)]],
            text: "as a key",
        ]
        #expect(try read(YAMLText.document(value)) == value)
    }

    @Test(arguments: 0..<50) func `what is printed is read back as the same value`(_: Int) throws {
        var generator = SeededGenerator.random()
        let seed = generator.seed
        for _ in 0..<20 {
            let value: Value = ["value": randomValue(depth: 4, &generator)]
            let text = YAMLText.document(value)
            #expect(try read(text) == value, "seed \(seed):\n\(text)")
        }
    }

    private func randomValue(depth: Int, _ generator: inout SeededGenerator) -> Value {
        let count = Int.random(in: 0...4, using: &generator)
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(generator.chance(50))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &generator))
        case 3: return .number(Double.random(in: -1e9...1e9, using: &generator) + 0.5)
        case 4, 5: return .string(randomText(&generator))
        case 6: return .array((0..<count).map { _ in randomValue(depth: depth - 1, &generator) })
        default:
            let members = (0..<count).map { _ in
                (randomText(&generator), randomValue(depth: depth - 1, &generator))
            }
            return .object(Dictionary(members, uniquingKeysWith: { first, _ in first }))
        }
    }

    private func randomText(_ generator: inout SeededGenerator) -> String {
        let parts = [
            "a", "B", "7", " ", "  ", "\n", "\n\n", "\t", ":", ": ", "#", " #", "-", "- ", "'", "\"", "\\",
            "{", "}", "[", "]", ",", "&", "*", "!", "|", ">", "%", "@", "`", "~", "?", ".", "é", "👩‍🚀", "\r",
            "\u{7F}", "\u{85}", "\u{2028}", "\u{FEFF}", "\u{1}", "true", "null", "/", "_",
        ]
        return (0..<Int.random(in: 0...6, using: &generator)).map { _ in
            parts[Int.random(in: 0..<parts.count, using: &generator)]
        }.joined()
    }

    /// The value of a document as the product's own reader of files sees it.
    private func read(_ text: String) throws -> Value {
        var findings = Findings(path: "printed.yaml")
        let stream = YAMLComposer.compose(SourceText(bytes: Array(text.utf8)), &findings)
        try #require(findings.diagnostics.isEmpty, "\(findings.diagnostics.map(\.message)) in:\n\(text)")
        try #require(stream.isWhole && stream.documents.count == 1)
        return try value(stream.documents[0])
    }

    private func value(_ node: YAMLNode) throws -> Value {
        switch node.content {
        case .sequence(let elements): return .array(try elements.map(value))
        case .mapping(let entries, _):
            return .object(
                Dictionary(uniqueKeysWithValues: try entries.map { ($0.name, try value($0.value)) })
            )
        case .refused: throw CommandFailure("a node was refused")
        case .scalar(let text, .plain):
            switch PlainReading(text) {
            case .text: return .string(text)
            case .null: return .null
            case .boolean(let flag): return .bool(flag)
            case .integer(let number): return .integer(number)
            case .number(let number): return .number(number)
            case .disputed(let noun): throw CommandFailure("'\(text)' may be \(noun)")
            }
        case .scalar(let text, _): return .string(text)
        }
    }
}
