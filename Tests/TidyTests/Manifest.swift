/// What `Package.swift` says of its targets, read from its text.
struct Manifest {
    /// By name; what a target depends on, as the names of modules.
    private(set) var targets: [String: Set<String>] = [:]
    /// By name; the line a target is declared on.
    private(set) var lines: [String: Int] = [:]

    init(_ text: String) {
        let tokens = words(of: text)
        var products: [String: String] = [:]
        for index in tokens.indices where tokens[index].text == "let" {
            // let hummingbird: Target.Dependency = .product(name: "Hummingbird", …
            let rest = tokens[index...].prefix(13).map(\.text)
            guard rest.count == 13, rest[8...10] == ["product", "(", "name"], let product = literal(rest[12])
            else {
                continue
            }
            products[rest[1]] = product
        }
        for index in tokens.indices where Manifest.isTarget(tokens, index) {
            let call = arguments(tokens, from: index + 1)
            guard let name = call.lazy.compactMap({ literal($0.text) }).first else { continue }
            lines[name] = tokens[index].line
            targets[name] = Set(
                Manifest.dependencies(call).compactMap { literal($0) ?? products[$0] }
            )
        }
    }

    /// Those with code of the product.
    var productTargets: [String] {
        targets.keys.filter { !$0.hasSuffix("Tests") && !testSupport.contains($0) }
    }

    private static func isTarget(_ tokens: [SourceFile.Token], _ index: Int) -> Bool {
        guard index + 2 < tokens.count, tokens[index + 1].text == "(" else { return false }
        let isCall = ["library", "program", "tests", "clib"].contains(tokens[index].text)
        let isPlain = ["target", "executableTarget", "testTarget"].contains(tokens[index].text)
        // The functions that make targets take a name, they do not give one.
        return isCall && literal(tokens[index + 2].text) != nil
            || isPlain && index + 4 < tokens.count && literal(tokens[index + 4].text) != nil
    }

    /// The elements of the first list in a call, which is the one of dependencies.
    private static func dependencies(_ call: [SourceFile.Token]) -> [String] {
        guard let start = call.firstIndex(where: { $0.text == "[" }) else { return [] }
        return call[call.index(after: start)...].prefix { $0.text != "]" }.map(\.text).filter { $0 != "," }
    }
}

/// Where `Package.swift` and the table of imports differ.
func manifestViolations(_ manifest: Manifest, table: [String: Place] = importTable) -> [Violation] {
    manifest.productTargets.sorted().flatMap { target -> [Violation] in
        func violation(_ message: String) -> Violation {
            Violation(
                path: "Package.swift",
                line: manifest.lines[target] ?? 0,
                rule: .manifest,
                message: message
            )
        }
        guard let place = table[target] else {
            return [violation("\(target) does not stand in the table of imports")]
        }
        return (manifest.targets[target] ?? []).subtracting(place.allowed).sorted().map {
            violation("\(target) may not depend on \($0)")
        }
    }
}

/// Imports of modules that the target does not declare; those of the system need no declaration.
func undeclaredImports(_ file: SourceFile, _ manifest: Manifest) -> [Violation] {
    let system: Set = ["Synchronization", "Glibc", "Foundation", "FoundationEssentials", "Testing"]
    let declared = (manifest.targets[file.target] ?? []).union(system)
    return imports(of: file).compactMap { module, line in
        guard !declared.contains(module) else { return nil }
        return file.violation(
            line,
            .manifest,
            "\(file.target) imports \(module), which Package.swift does not give it"
        )
    }
}

/// The text between quotes; nil for a token that is no string.
private func literal(_ token: String) -> String? {
    token.count > 1 && token.hasPrefix("\"") ? String(token.dropFirst().dropLast()) : nil
}

/// Words, signs and whole strings, without comments.
private func words(of text: String) -> [SourceFile.Token] {
    var tokens: [SourceFile.Token] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        var rest = line[...]
        while let first = rest.first {
            if rest.hasPrefix("//") { break }
            let length: Int
            if first == "\"" {
                length = rest.dropFirst().prefix { $0 != "\"" }.count + 2
            } else if first.isLetter || first == "_" {
                length = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }.count
            } else {
                length = 1
            }
            if !first.isWhitespace {
                tokens.append(SourceFile.Token(text: String(rest.prefix(length)), line: index + 1))
            }
            rest = rest.dropFirst(length)
        }
    }
    return tokens
}

/// The tokens of a call's arguments, from its opening parenthesis to the one that closes it.
private func arguments(_ tokens: [SourceFile.Token], from start: Int) -> [SourceFile.Token] {
    var depth = 0
    var call: [SourceFile.Token] = []
    for token in tokens[start...] {
        if token.text == "(" { depth += 1 }
        if token.text == ")" { depth -= 1 }
        if depth == 0 { break }
        call.append(token)
    }
    return call
}
