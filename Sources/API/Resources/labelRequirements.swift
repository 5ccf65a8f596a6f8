import Domain

/// The requirements of a label selector: `a=b`, `a==b`, `a!=b`, `a in (x,y)`, `a notin (x)`, `a`, `!a`.
///
/// *Throws* ``Refusal`` 400 for anything else.
func labelRequirements(_ selector: String) throws -> [LabelRequirement] {
    try terms(selector).map { term in
        guard let requirement = requirement(term) else {
            throw Refusal(.badRequest, "the label selector cannot be read at '\(term)'")
        }
        return requirement
    }
}

/// The parts between commas that stand outside parentheses, trimmed.
private func terms(_ selector: String) -> [String] {
    var terms: [String] = []
    var term = ""
    var depth = 0
    for character in selector {
        switch character {
        case "(": depth += 1
        case ")": depth -= 1
        case "," where depth == 0:
            terms.append(term)
            term = ""
            continue
        default: break
        }
        term.append(character)
    }
    terms.append(term)
    return terms.map(trimmed).filter { !$0.isEmpty }
}

private func requirement(_ term: String) -> LabelRequirement? {
    if let open = term.firstIndex(of: "(") {
        guard term.hasSuffix(")") else { return nil }
        let words = term[..<open].split(separator: " ")
        guard words.count == 2, words[1] == "in" || words[1] == "notin", isKey(words[0]) else { return nil }
        let values = term[term.index(after: open)...].dropLast().split(separator: ",").map {
            trimmed(String($0))
        }
        guard !values.isEmpty, values.allSatisfy(isValue) else { return nil }
        return LabelRequirement(
            key: String(words[0]),
            operation: words[1] == "in" ? .isIn : .isNotIn,
            values: values
        )
    }
    guard let sign = term.firstIndex(where: { $0 == "=" || $0 == "!" }), sign != term.startIndex else {
        let isAbsent = term.hasPrefix("!")
        let key = trimmed(String(term.drop { $0 == "!" }))
        guard isKey(key) else { return nil }
        return LabelRequirement(key: key, operation: isAbsent ? .isAbsent : .exists, values: [])
    }
    let key = trimmed(String(term[..<sign]))
    let rest = term[sign...]
    let operation = ["!=", "==", "="].first { rest.hasPrefix($0) }
    guard let operation, isKey(key) else { return nil }
    let value = trimmed(String(rest.dropFirst(operation.count)))
    guard isValue(value) else { return nil }
    return LabelRequirement(key: key, operation: operation == "!=" ? .isNotIn : .isIn, values: [value])
}

private func trimmed(_ text: String) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
}

private func isKey(_ text: some StringProtocol) -> Bool { !text.isEmpty && isValue(text) }

/// Letters, digits and `-_./`: what keys and values of labels are made of.
private func isValue(_ text: some StringProtocol) -> Bool {
    text.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
            || "-_./".utf8.contains($0)
    }
}
