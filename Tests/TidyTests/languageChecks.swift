/// Names that say nothing about what a type is.
private let emptyWords = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Data", "Info"]

func typeNames(_ file: SourceFile) -> [Violation] {
    let keywords = ["struct", "class", "enum", "actor", "protocol", "typealias"]
    return file.tokens.indices.dropLast().compactMap { index in
        let name = file.tokens[index + 1].text
        guard keywords.contains(file.tokens[index].text), let word = emptyWords.first(where: name.hasSuffix)
        else {
            return nil
        }
        return file.violation(
            file.tokens[index + 1].line,
            .typeName,
            "\(name): '\(word)' says nothing; name what it is"
        )
    }
}

/// What ends the process where an error would do.
func traps(_ file: SourceFile) -> [Violation] {
    file.code.enumerated().flatMap { index, line -> [Violation] in
        var found = ["try!", "as!", "fatalError("].filter(line.contains)
        if hasForceUnwrap(Array(line.utf8)) {
            found.append("a force unwrap or implicitly unwrapped optional")
        }
        return found.map {
            file.violation(index + 1, .trap, "\($0) ends the process; throw or answer nil instead")
        }
    }
}

/// A `!` right after a value or type; `!=` and a prefix `!` are something else.
private func hasForceUnwrap(_ line: [UInt8]) -> Bool {
    line.indices.contains { index in
        guard line[index] == UInt8(ascii: "!"), index > 0 else { return false }
        let before = line[index - 1]
        let follows = index + 1 < line.count ? line[index + 1] : UInt8(ascii: " ")
        guard follows != UInt8(ascii: "="), isWordByte(before) || ")]>?\"".utf8.contains(before) else {
            return false
        }
        let word = String(decoding: line[..<index].suffix { isWordByte($0) }, as: UTF8.self)
        return !["try", "as"].contains(word)
    }
}

extension Collection where Self: BidirectionalCollection {
    /// The longest end of which every element is as asked.
    fileprivate func suffix(_ holds: (Element) -> Bool) -> SubSequence {
        var start = endIndex
        while start > startIndex, holds(self[index(before: start)]) { start = index(before: start) }
        return self[start...]
    }
}

/// Each `try?` must be explained on its line or above the statement it stands in.
func silencedErrors(_ file: SourceFile) -> [Violation] {
    file.code.indices.compactMap { index in
        guard silencesError(file.code[index]), !isExplained(file, index) else { return nil }
        return file.violation(
            index + 1,
            .silencedError,
            "try? without a comment that says why the error may be lost"
        )
    }
}

/// Whether a line has the word `try?`; `entry?` only ends like it.
private func silencesError(_ line: String) -> Bool {
    line.ranges(of: "try?").contains { found in
        found.lowerBound == line.startIndex || !line[line.index(before: found.lowerBound)].isLetter
    }
}

/// A statement over several lines has its comment above its first one; a run of lines with `try?` shares one.
private func isExplained(_ file: SourceFile, _ index: Int) -> Bool {
    func hasComment(_ line: Int) -> Bool {
        file.comments.indices.contains(line) && !isBlank(file.comments[line])
    }
    var line = index
    while true {
        if hasComment(line) || hasComment(line - 1) { return true }
        let goesOn = line > 0 && (isContinuation(file.code[line], of: file.code[line - 1]))
        let isShared = line > 0 && silencesError(file.code[line - 1])
        guard goesOn || isShared else { return false }
        line -= 1
    }
}

/// Whether a line goes on with what the line before began.
private func isContinuation(_ line: String, of before: String) -> Bool {
    let words = line.split(separator: " ")
    let previous = before.split(separator: " ").last ?? ""
    let begins = words.first.map {
        [".", "?", ":", "&", "|", "+", "}", ")"].contains($0.prefix(1)) || $0 == "else"
    }
    let ends = [",", "(", "[", "=", "+", "&&", "||", "{", "where"].contains { previous.hasSuffix($0) }
    return begins == true || ends
}

private func isBlank(_ line: String) -> Bool { line.allSatisfy(\.isWhitespace) }

/// What the compiler is asked to believe; the exemptions list each place with its proof.
func uncheckedSafety(_ file: SourceFile) -> [Violation] {
    file.code.enumerated().flatMap { index, line in
        ["@unchecked Sendable", "nonisolated(unsafe)"].filter(line.contains).map {
            file.violation(index + 1, .uncheckedSafety, "\($0) is not in the list of exemptions")
        }
    }
}

/// Work that was put off belongs where it is planned, not into the source.
func openEnds(_ file: SourceFile) -> [Violation] {
    let marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]
    return file.comments.enumerated().flatMap { index, line in
        let words = line.split { !$0.isLetter }.map(String.init)
        return marks.filter(words.contains).map { file.violation(index + 1, .openEnd, "\($0) in a comment") }
    }
}
