package import Domain
internal import Secrets

extension Diagnostic {
    /// The diagnostic for a person: where and what, the line with the value marked, the fix, the notes.
    ///
    /// `source` is the file it is about; without it the excerpt is shown that the diagnostic carries, if any.
    /// Ends without a newline.
    package func text(source: [UInt8]? = nil) -> String {
        let place = "\(path):\(span.start.line):\(span.start.column)"
        var lines = ["\(printable(place)): \(severity.rawValue)[\(code)]: \(printable(message))"]
        if let excerpt = source.flatMap(excerpt) ?? excerpt {
            lines += excerpt.split(separator: "\n").map { printable(String($0), keepsTabs: true) }
        } else if let fix {
            lines.append("  \(printable(fix))")
        }
        for note in notes {
            lines.append(
                printable(
                    "  note: \(note.message) at \(note.path):\(note.position.line):\(note.position.column)"
                )
            )
        }
        return lines.joined(separator: "\n")
    }

    /// The diagnostic as one line of JSON with sorted keys.
    package var jsonLine: String {
        // Encoding fails only for integers that no file has lines or columns for.
        (try? Value(encoding: self).canonicalJSON) ?? "{}"
    }

    /// The line of a file that it is about, and below it the mark with the fix; nil when there is no such
    /// line.
    ///
    /// *Shape*: two lines of at most some 200 characters and the fix.
    package func excerpt(source: [UInt8]) -> String? {
        SourceText(bytes: source).line(span.start.line).map(excerpt(of:))
    }

    private func excerpt(of line: String) -> String {
        var all = Array(line.unicodeScalars)
        let start = min(span.start.column - 1, all.count)
        let isOneLine = span.end.line == span.start.line
        let end = max(start, isOneLine ? min(span.end.column - 1, all.count) : all.count)
        // A credential must not reach terminals, logs and statuses by being complained about, nor by standing
        // beside something else that is.
        let hidden = code.hasPrefix("SEC") && severity == .error ? [start..<end] : []
        for index in (hidden + credentials(in: all)).joined() { all[index] = "•" }
        // A line of a megabyte is cut around the value.
        let from = all.count > 160 ? max(0, start - 60) : 0
        let window = all[from..<min(all.count, from + 160)]
        let carets = max(1, min(end, window.endIndex) - start)
        let number = String(span.start.line)
        let gutter = String(repeating: " ", count: max(5, number.count))
        // Tabs are kept, so that the carets stand below the value whatever a tab's width.
        let indent = String(
            String.UnicodeScalarView(window.prefix(start - from).map { $0 == "\t" ? $0 : " " })
        )
        let mark = indent + String(repeating: "^", count: carets) + (fix.map { " " + printable($0) } ?? "")
        let shown = printable(String(String.UnicodeScalarView(window)), keepsTabs: true)
        return "\(gutter.dropFirst(number.count))\(number) | \(shown)\n\(gutter) | \(mark)"
    }
}

extension Loaded {
    /// Gives the first diagnostics of each severity their excerpts, for where nobody has the files.
    package mutating func addExcerpts(from files: [SourceFile], limit: Int) {
        let chosen = firstDiagnostics(limit)
        let paths = Set(chosen.map { diagnostics[$0].path })
        let sources = Dictionary(
            files.filter { paths.contains($0.path) }.map { ($0.path, $0.bytes) },
            uniquingKeysWith: { first, _ in first }
        )
        for index in chosen {
            // What was too large to be read has no lines to show.
            guard let source = sources[diagnostics[index].path], !source.isEmpty else { continue }
            diagnostics[index].excerpt = diagnostics[index].excerpt(source: source)
        }
    }

    /// The files whose bytes the first diagnostics of each severity need for their excerpts.
    package func pathsWithoutExcerpt(limit: Int) -> Set<String> {
        Set(firstDiagnostics(limit).filter { diagnostics[$0].excerpt == nil }.map { diagnostics[$0].path })
    }

    private func firstDiagnostics(_ limit: Int) -> [Int] {
        var left: [Diagnostic.Severity: Int] = [.error: limit, .warning: limit]
        return diagnostics.indices.filter { index in
            left[diagnostics[index].severity, default: 0] -= 1
            return left[diagnostics[index].severity, default: 0] >= 0
        }
    }
}

/// A text with whatever looks like a credential masked.
func withoutCredentials(_ text: String) -> String {
    var scalars = Array(text.unicodeScalars)
    let hidden = credentials(in: scalars)
    guard !hidden.isEmpty else { return text }
    for index in hidden.joined() { scalars[index] = "•" }
    return String(String.UnicodeScalarView(scalars))
}

/// The stretches of a line that look like credentials: words of known forms, and what stands before the host
/// of a URL.
private func credentials(in line: [Unicode.Scalar]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var start = 0
    var previous = ""
    for end in 0...line.count where end == line.count || separators.contains(line[end]) {
        defer { start = end + 1 }
        guard start < end else { continue }
        let word = String(String.UnicodeScalarView(line[start..<end]))
        let isBearer = previous == "Bearer" && looksLikeCredential("Bearer \(word)") != nil
        if isBearer || looksLikeCredential(word) != nil {
            found.append(start..<end)
        } else if let range = userInformation(in: line[start..<end]) {
            found.append(range)
        }
        previous = word
    }
    return found
}

private let separators = Set(" \t\"'`,;()[]{}<>".unicodeScalars)

private func userInformation(in word: ArraySlice<Unicode.Scalar>) -> Range<Int>? {
    guard let scheme = word.firstRange(of: Array("://".unicodeScalars)) else { return nil }
    let authority = word[scheme.upperBound...].prefix { $0 != "/" }
    return authority.lastIndex(of: "@").map { scheme.upperBound..<$0 }
}

/// A text that cannot move a terminal's cursor or turn the direction of what follows.
package func printable(_ text: String, keepsTabs: Bool = false) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { scalar in
                switch scalar.value {
                case 9: keepsTabs ? scalar : " "
                case 0..<32, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF: "\u{FFFD}"
                default: scalar
                }
            }
        )
    )
}
