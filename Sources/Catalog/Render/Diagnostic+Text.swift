package import Domain

extension Diagnostic {
    /// The diagnostic for a person: where and what, the line with the value marked, the fix, the notes.
    ///
    /// `source` is the file it is about; without it the line is not shown. Ends without a newline.
    package func text(source: [UInt8]? = nil) -> String {
        let place = "\(path):\(span.start.line):\(span.start.column)"
        var lines = ["\(printable(place)): \(severity.rawValue)[\(code)]: \(printable(message))"]
        if let line = source.flatMap({ SourceText(bytes: $0).line(span.start.line) }) {
            lines += excerpt(of: line)
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

    private func excerpt(of line: String) -> [String] {
        var all = Array(line.unicodeScalars)
        let start = min(span.start.column - 1, all.count)
        let isOneLine = span.end.line == span.start.line
        let end = max(start, isOneLine ? min(span.end.column - 1, all.count) : all.count)
        // A credential must not reach terminals and logs by being complained about.
        if code.hasPrefix("SEC") { for index in start..<end { all[index] = "•" } }
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
        return [
            "\(gutter.dropFirst(number.count))\(number) | \(shown)",
            "\(gutter) | \(mark)",
        ]
    }
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
