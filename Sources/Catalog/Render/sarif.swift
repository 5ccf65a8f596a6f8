package import Domain
internal import Secrets

/// The diagnostics as one SARIF log, which code hosts and editors read.
///
/// A path below the working folder is relative to `%SRCROOT%`, the name by which such readers know the root
/// of what was checked out. Columns count Unicode scalars, and a region ends at the column after its last
/// one, as our spans do. Excerpts are left out: a reader has the file, and a credential stays where it is.
///
/// *Source*: SARIF 2.1.0 (OASIS), sections 3.13 to 3.30 and 3.49.
package func sarif(_ diagnostics: [Diagnostic], version: String? = nil) -> Value {
    let codes = Code.allCases.filter { code in diagnostics.contains { $0.code == code.rawValue } }
    let places = Dictionary(uniqueKeysWithValues: codes.enumerated().map { ($1.rawValue, $0) })
    let driver = Value.members([
        "name": "agirunner",
        "version": version.map { .string($0) },
        "rules": .array(codes.map(rule)),
    ])
    return [
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            [
                "tool": ["driver": driver],
                "columnKind": "unicodeCodePoints",
                "results": .array(diagnostics.map { result($0, rule: places[$0.code]) }),
            ]
        ],
    ]
}

private func rule(_ code: Code) -> Value {
    let help = "\(code.explanation)\n\nagirunner explain code \(code.rawValue)"
    return [
        "id": .string(code.rawValue),
        "shortDescription": text(sentence(code.title)),
        "fullDescription": text(code.explanation),
        "help": [
            "text": .string(help),
            "markdown": .string("\(code.explanation)\n\n`agirunner explain code \(code.rawValue)`"),
        ],
        "defaultConfiguration": ["level": .string(code.severity.rawValue)],
        "properties": ["tags": [.string(String(code.rawValue.prefix(3)))]],
    ]
}

private func result(_ diagnostic: Diagnostic, rule: Int?) -> Value {
    // A fix is a hint in words; SARIF's own fixes are replacements that can be applied.
    let message = [diagnostic.message, diagnostic.fix].compactMap(\.self).joined(separator: "; ")
    let span = region(from: diagnostic.span.start, to: diagnostic.span.end)
    let location = Value.members([
        "physicalLocation": place(diagnostic.path, span),
        "logicalLocations": diagnostic.object.map { object in
            let name = [object, diagnostic.field].compactMap(\.self).joined(separator: ".")
            return [["fullyQualifiedName": .string(name), "kind": "object"]]
        },
    ])
    let related = diagnostic.notes.enumerated().map { index, note in
        Value.members([
            "id": .integer(Int64(index + 1)),
            "physicalLocation": place(note.path, region(from: note.position, to: nil)),
            "message": text(note.message),
        ])
    }
    return .members([
        "ruleId": .string(diagnostic.code),
        "ruleIndex": rule.map { .integer(Int64($0)) },
        "level": .string(diagnostic.severity.rawValue),
        "message": text(message),
        "locations": [location],
        "relatedLocations": related.isEmpty ? nil : .array(related),
    ])
}

private func place(_ path: String, _ region: Value) -> Value {
    let isAbsolute = path.hasPrefix("/")
    let below = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    return [
        "artifactLocation": .members([
            "uri": .string((isAbsolute ? "file://" : "") + reference(below)),
            "uriBaseId": isAbsolute ? nil : "%SRCROOT%",
        ]),
        "region": region,
    ]
}

private func region(from start: TextPosition, to end: TextPosition?) -> Value {
    .members([
        "startLine": .integer(Int64(start.line)), "startColumn": .integer(Int64(start.column)),
        "endLine": end.map { .integer(Int64($0.line)) }, "endColumn": end.map { .integer(Int64($0.column)) },
    ])
}

/// A path as a relative reference of RFC 3986; its slashes stay.
private func reference(_ path: String) -> String {
    path.split(separator: "/", omittingEmptySubsequences: false).map { percentEncoded($0.utf8) }
        .joined(separator: "/")
}

private func text(_ text: String) -> Value { ["text": .string(text)] }

private func sentence(_ title: String) -> String { title.prefix(1).uppercased() + title.dropFirst() + "." }
