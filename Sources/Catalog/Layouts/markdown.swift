internal import Domain

/// Reports a Markdown file whose first heading is not a name.
func checkHeading(_ lines: [String], from: Int, is name: String?, _ findings: inout Findings) {
    guard let name, let heading = firstHeading(lines, from: from), heading.text != name else { return }
    findings.report(
        .otherHeading,
        at: lineSpan(lines, heading.line),
        "the heading should be the name '\(name)'"
    )
}

/// The first heading of the first level, behind `#` or above a line of `=`.
///
/// *Source*: CommonMark 0.31, sections 4.2 and 4.3.
private func firstHeading(_ lines: [String], from: Int) -> (line: Int, text: Substring)? {
    for index in proseLines(lines, from: from) {
        let line = lines[index]
        if line.hasPrefix("# ") { return (index, line.dropFirst(2)) }
        if index > from, !line.isEmpty, !lines[index - 1].isEmpty, line.allSatisfy({ $0 == "=" }) {
            return (index - 1, lines[index - 1][...])
        }
    }
    return nil
}

/// The indices of the lines that stand in no fenced block of code.
///
/// *Source*: CommonMark 0.31, section 4.5.
func proseLines(_ lines: [String], from: Int) -> [Int] {
    var fence: String?
    return lines.indices.dropFirst(from).filter { index in
        if let open = fence {
            if lines[index].hasPrefix(open) { fence = nil }
            return false
        }
        fence = ["```", "~~~"].first { lines[index].hasPrefix($0) }
        return fence == nil
    }
}

/// The stretch of a whole line.
func lineSpan(_ lines: [String], _ index: Int) -> TextSpan {
    let start = TextPosition(line: index + 1, column: 1)
    return TextSpan(start: start, end: start).first(max(1, lines[index].unicodeScalars.count))
}
