extension String {
    /// Without the line end that a program puts after its answer.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }

    /// The first complaint of a program and the end of what it said, short enough for a message.
    ///
    /// Git names the lock file that a killed process left first, and advises at length then.
    var complaint: String {
        let lines = split(separator: "\n").map { String($0).trimmed }
        let first = lines.dropLast(4).first { $0.contains("error: ") || $0.contains("fatal: ") }
        let text = ((first.map { [$0] } ?? []) + lines.suffix(4)).joined(separator: " / ")
        return text.utf8.count <= 600 ? text : "…\(text.suffix(500))"
    }
}
