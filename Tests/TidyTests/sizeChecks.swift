/// How much may stand in one place.
struct SizeLimits {
    let file: Int
    let function: Int
    static let column = 110
    /// Programs compose; what is longer belongs into a library.
    static let program = 200

    static func of(_ file: SourceFile) -> SizeLimits {
        if file.isTest { return SizeLimits(file: 600, function: 80) }
        return SizeLimits(file: programs.contains(file.target) ? program : 400, function: 60)
    }
}

func fileLength(_ file: SourceFile) -> [Violation] {
    let limit = SizeLimits.of(file).file
    guard file.lines.count > limit else { return [] }
    return [file.violation(0, .fileLength, "\(file.lines.count) lines, at most \(limit) are allowed")]
}

func lineLength(_ file: SourceFile) -> [Violation] {
    file.lines.enumerated().compactMap { index, line in
        guard line.count > SizeLimits.column else { return nil }
        return file.violation(
            index + 1,
            .lineLength,
            "\(line.count) columns, at most \(SizeLimits.column) are allowed"
        )
    }
}

func functionLength(_ file: SourceFile) -> [Violation] {
    let limit = SizeLimits.of(file).function
    return functions(in: file.tokens).compactMap { function in
        guard function.lines > limit else { return nil }
        return file.violation(
            function.line,
            .functionLength,
            "\(function.name) has \(function.lines) lines, at most \(limit) are allowed"
        )
    }
}

/// A function, initialiser, deinitialiser, subscript or computed property with a body.
struct Function: Hashable {
    let name: String
    let line: Int
    /// From the word that declares it to its last brace.
    let lines: Int
}

func functions(in tokens: [SourceFile.Token]) -> [Function] {
    tokens.indices.compactMap { start in
        guard declaresFunction(tokens, start), let body = bodyStart(tokens, after: start),
            let end = matchingBrace(tokens, from: body)
        else { return nil }
        let isNamed = ["func", "var"].contains(tokens[start].text)
        let name = isNamed && start + 1 < tokens.count ? tokens[start + 1].text : tokens[start].text
        return Function(
            name: name,
            line: tokens[start].line,
            lines: tokens[end].line - tokens[start].line + 1
        )
    }
}

private func declaresFunction(_ tokens: [SourceFile.Token], _ index: Int) -> Bool {
    let next = index + 1 < tokens.count ? tokens[index + 1].text : ""
    let follows = index > 0 ? tokens[index - 1].text : ""
    switch tokens[index].text {
    case "func", "var": return follows != "."
    case "init", "subscript": return follows != "." && ["(", "<", "?", "!"].contains(next)
    case "deinit": return next == "{"
    default: return false
    }
}

/// The brace that opens the body; nil for a requirement, a stored property, or anything else without one.
private func bodyStart(_ tokens: [SourceFile.Token], after start: Int) -> Int? {
    let isVariable = tokens[start].text == "var"
    var depth = 0
    for index in tokens.indices.dropFirst(start + 1) {
        let token = tokens[index]
        switch token.text {
        case "(", "[": depth += 1
        case ")", "]": depth -= 1
        case "{" where depth == 0: return index
        case "}" where depth == 0: return nil
        case "=" where depth == 0 && isVariable: return nil
        case let word where depth == 0 && endsDeclaration.contains(word): return nil
        default: break
        }
        // A stored property without a value ends with its line.
        if isVariable, depth == 0, index + 1 < tokens.count, tokens[index + 1].line > token.line,
            tokens[index + 1].text != "{"
        {
            return nil
        }
    }
    return nil
}

private let endsDeclaration: Set<String> = [
    "func", "var", "let", "init", "case", "struct", "class", "enum", "actor", "extension", "protocol",
    "subscript",
    "deinit", "import", "associatedtype", "typealias", "static", "package", "private", "public", "internal",
    "if",
    "for", "while", "switch", "guard", "do", "return", "repeat", "defer",
]

private func matchingBrace(_ tokens: [SourceFile.Token], from start: Int) -> Int? {
    var depth = 0
    for index in tokens.indices.dropFirst(start) {
        if tokens[index].text == "{" { depth += 1 }
        if tokens[index].text == "}" {
            depth -= 1
            if depth == 0 { return index }
        }
    }
    return nil
}
