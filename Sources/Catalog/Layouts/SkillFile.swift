internal import Domain

/// A `SKILL.md`: a YAML mapping between two lines of dashes, then Markdown.
struct SkillFile {
    let text: String
    /// The mapping, at its place in the file.
    let head: Place
    /// How many lines stand before the body.
    let bodyLine: Int
    let body: String

    /// Everything before the body.
    var textBeforeBody: String { String(text.dropLast(body.count)) }

    /// Reads a file; nil when its head is not as it must be, which is reported.
    init?(_ text: String, _ findings: inout Findings) {
        // Scalars, since "\r\n" is one Character and no line break of this format.
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init
        )
        let blank = lines.prefix { $0.allSatisfy(\.isWhitespace) }.count
        guard blank < lines.count, lines[blank] == "---" else {
            findings.report(.frontmatter, at: .whole, "a skill must begin with a line of three dashes")
            return nil
        }
        guard let end = lines[(blank + 1)...].firstIndex(of: "---") else {
            let start = TextPosition(line: blank + 1, column: 1)
            findings.report(
                .frontmatter,
                at: TextSpan(start: start, end: start).first(3),
                "the head of a skill must end with a line of three dashes"
            )
            return nil
        }
        // The lines before it are kept empty, so that places are those of the file.
        let yaml =
            String(repeating: "\n", count: blank + 1) + lines[(blank + 1)..<end].joined(separator: "\n")
        let before = findings.errorCount
        let stream = YAMLComposer.compose(SourceText(bytes: Array(yaml.utf8)), &findings)
        guard findings.errorCount == before else { return nil }
        guard stream.documents.count == 1, let document = stream.documents.first else {
            findings.report(.frontmatter, at: .whole, "the head of a skill must be one mapping")
            return nil
        }
        head = Place(root: document)
        guard findings.read(head, as: .object(CatalogFields.frontmatter)) != nil else { return nil }
        let gap = lines[(end + 1)...].prefix { $0.isEmpty }.count
        bodyLine = min(end + 1 + gap, lines.count)
        body = lines[bodyLine...].joined(separator: "\n")
        self.text = text
    }
}
