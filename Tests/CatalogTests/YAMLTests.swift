import Domain
import Support
import Testing

@testable import Catalog

@Suite struct YAMLTests {
    private func compose(_ text: String) -> (stream: YAMLStream, findings: Findings) {
        var findings = Findings(path: "a.yaml")
        let stream = YAMLComposer.compose(SourceText(bytes: Array(text.utf8)), &findings)
        return (stream, findings)
    }

    @Test func `positions are lines and columns of Unicode scalars`() throws {
        let (stream, findings) = compose("a: 1\nü👩‍🚀: [x, 'y']\nb:\n  c: |\n    one\n      two\nd: end\n")
        #expect(findings.diagnostics.isEmpty)
        let root = Place(root: try #require(stream.documents.first))
        let list = try #require(root["ü👩‍🚀"])
        // The key has a letter and a family of three scalars.
        #expect(list.node.span.start == TextPosition(line: 2, column: 7))
        #expect(list.node.span.end == TextPosition(line: 2, column: 15))
        #expect(list.elements.map(\.node.span.start.column) == [8, 11])
        #expect(root["b"]?["c"]?.text == "one\n  two\n")
        #expect(root["b"]?.node.span.start == TextPosition(line: 4, column: 3))
        #expect(root["d"]?.mark.start == TextPosition(line: 7, column: 1))
    }

    @Test func `documents without content are left out`() {
        let (stream, findings) = compose("# nothing\n---\na: 1\n---\n---\nb: 2\n...\n")
        #expect(stream.documents.count == 2 && stream.isWhole && findings.diagnostics.isEmpty)
    }

    private static let hostile: [String: String] = {
        var texts: [String: String] = [:]
        texts["300 levels"] = String(repeating: "[", count: 300) + String(repeating: "]", count: 300)
        texts["300 block levels"] = (0..<300).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        texts["100,000 levels"] = String(repeating: "{a: ", count: 100_000)
        let bomb = (1...20).map { number in "b\(number): &b\(number) [*a, *a, *b\(number - 1)]\n" }
        texts["a bomb of anchors"] = "a: &a [x, x]\n" + bomb.joined()
        texts["an endless key"] = String(repeating: "? ", count: 100_000)
        texts["only commas"] = "[" + String(repeating: ",", count: 1000)
        texts["many values"] = "[" + String(repeating: "a,", count: 200_000) + "]"
        texts["a line of a megabyte"] = "a: " + String(repeating: "x", count: 1_000_000) + ": y"
        texts["a reserved indicator"] = "a: @x"
        texts["a directive"] = "%YAML 9.9\n---\na: b\n"
        return texts
    }()

    @Test(arguments: hostile) func `hostile text gives a diagnostic and never traps`(
        name: String,
        text: String
    ) throws {
        let file = SourceFile(path: "bad.yaml", bytes: Array(text.utf8))
        let loaded = Loader().load([file])
        #expect(loaded.hasErrors && loaded.objects.isEmpty)
        #expect(loaded.diagnostics.count <= Findings.limit)
        for diagnostic in loaded.diagnostics {
            #expect(diagnostic.text(source: file.bytes).utf8.count < 2000)
        }
        #expect(loaded.unreadable == ["bad.yaml"])
    }

    @Test func `the mistakes of one file are bounded and the last one says so`() {
        let text = (0..<500).map { "key\($0): 1\n" }.joined()
        let loaded = Loader().load([SourceFile(path: "bad.yaml", bytes: Array(text.utf8))])
        #expect(loaded.diagnostics.count == Findings.limit)
        #expect(loaded.diagnostics.contains { $0.code == "BYT006" })
    }

    @Test func `a file with too many values is refused`() {
        let text = "a: [" + String(repeating: "1,", count: YAMLComposer.nodeLimit) + "]"
        #expect(compose(text).findings.diagnostics.map(\.code) == ["YML009"])
    }

    @Test(arguments: [
        ("", PlainReading.null), ("~", .null), ("NULL", .null), ("true", .boolean(true)),
        ("False", .boolean(false)),
        ("0", .integer(0)), ("-12", .integer(-12)), ("+5", .integer(5)), ("1.5", .number(1.5)),
        ("1e3", .number(1000)),
        (".5", .number(0.5)), ("yes", .disputed("a truth value")), ("Off", .disputed("a truth value")),
        ("n", .disputed("a truth value")), ("017", .disputed("an octal number")),
        ("0o17", .disputed("a number")),
        ("0xFF", .disputed("a number")), ("0b11", .disputed("a number")), ("1_000", .disputed("a number")),
        ("12:30", .disputed("a time")), ("190:20:30", .disputed("a time")),
        ("2024-01-31", .disputed("a date")),
        ("2001-12-14t21:59:43.10-05:00", .disputed("a date")), (".inf", .disputed("a number")),
        ("-.Inf", .disputed("a number")), (".NaN", .disputed("a number")),
        ("=", .disputed("a YAML 1.1 keyword")),
        ("99999999999999999999", .disputed("a number")), ("1e999", .disputed("a number")),
        ("1.2.3", .text), ("10m", .text), ("1h30m", .text), ("v1", .text), ("512Mi", .text), ("-", .text),
        (".", .text),
        ("yes!", .text), ("1.2-rc", .text), ("+", .text), ("12:99", .text), ("2024-1", .text), ("0x", .text),
        ("nobody", .text), ("e5", .text), ("1e", .text), ("_1", .text),
    ]) func `a plain scalar is read as YAML 1.1 and 1.2 read it`(text: String, expected: PlainReading) {
        #expect(PlainReading(text) == expected)
    }
}
