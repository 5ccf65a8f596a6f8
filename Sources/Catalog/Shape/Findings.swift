internal import Domain

/// Collects what is wrong with one file, and what its objects refer to.
struct Findings: Sendable {
    /// How many diagnostics one file may have, so that a hostile file cannot fill memory and logs.
    static let limit = 100
    /// How many Unicode scalars a message or a fix may have.
    static let textLimit = 1000

    let path: String
    /// `Kind/name` of the object that is read, once it is known.
    var object: String?
    private(set) var diagnostics: [Diagnostic] = []
    /// How many errors there were, those past the limit included.
    private(set) var errorCount = 0
    /// What the object refers to.
    var references: [Reference] = []

    init(path: String) { self.path = path }

    /// The first error after `count` diagnostics, or the last one when the limit swallowed it.
    func firstError(after count: Int) -> Diagnostic? {
        diagnostics.dropFirst(count).first { $0.severity == .error } ?? diagnostics.last
    }

    /// The first error in a stretch of the file, or the last diagnostic when the limit may have swallowed
    /// one.
    func firstError(in span: TextSpan) -> Diagnostic? {
        let found = diagnostics.first {
            $0.severity == .error && span.start <= $0.span.start && $0.span.start < span.end
        }
        return found ?? (diagnostics.count < Self.limit ? nil : diagnostics.last)
    }

    /// Lets go of all diagnostics but the first error, or the first one where there is no error.
    mutating func keepFirst() {
        let first = diagnostics.first { $0.severity == .error } ?? diagnostics.first
        diagnostics = first.map { [$0] } ?? []
    }

    /// Adds a diagnostic of a stretch of the file; nil means the severity of the code.
    mutating func report(
        _ code: Code,
        at span: TextSpan,
        field: String? = nil,
        _ message: String,
        fix: String? = nil,
        notes: [Diagnostic.Note] = [],
        severity: Diagnostic.Severity? = nil
    ) {
        let severity = severity ?? code.severity
        if severity == .error { errorCount += 1 }
        guard diagnostics.count < Self.limit else { return }
        let isLast = diagnostics.count == Self.limit - 1
        diagnostics.append(
            Diagnostic(
                code: (isLast ? .tooManyDiagnostics : code).rawValue,
                severity: severity,
                path: path,
                span: span,
                object: object,
                field: field.map(cut),
                message: isLast
                    ? "a file must not have so many mistakes; the rest is not listed" : cut(message),
                fix: isLast ? nil : fix.map(cut),
                notes: isLast ? [] : notes
            )
        )
    }

    /// Adds a diagnostic of a value; the message goes on from the field's name: `must be a list`.
    mutating func report(
        _ code: Code,
        _ place: Place,
        _ message: String,
        fix: String? = nil,
        notes: [Diagnostic.Note] = [],
        severity: Diagnostic.Severity? = nil
    ) {
        report(
            code,
            at: place.node.span,
            field: place.field,
            "\(place.name) \(message)",
            fix: fix,
            notes: notes,
            severity: severity
        )
    }

    /// Adds what was found before, when the object was looked at by itself.
    mutating func report(_ diagnostic: Diagnostic) {
        guard let code = Code(rawValue: diagnostic.code) else { return }
        report(
            code,
            at: diagnostic.span,
            field: diagnostic.field,
            diagnostic.message,
            fix: diagnostic.fix,
            notes: diagnostic.notes,
            severity: diagnostic.severity
        )
    }

    /// Adds a diagnostic of a key that is missing in a mapping.
    mutating func reportMissing(
        _ key: String,
        in place: Place,
        _ message: String,
        code: Code = .missingKey
    ) {
        let field = place.field.isEmpty ? key : "\(place.field).\(key)"
        report(code, at: place.mark, field: field, "\(field) \(message)")
    }

    /// Adds a warning of a field that is left out, in the words that clients of the Kubernetes API know.
    mutating func warnOfUnknown(_ field: String, _ span: TextSpan) {
        report(.unknownKey, at: span, field: field, "unknown field \"\(field)\"", severity: .warning)
    }

    /// A text of bounded length: what a file says ends up in statuses, which hold fifty of them.
    private func cut(_ text: String) -> String {
        text.unicodeScalars.count <= Self.textLimit
            ? text : String(text.unicodeScalars.prefix(Self.textLimit - 1)) + "…"
    }

    /// A note on a place of the same file.
    func note(_ span: TextSpan, _ message: String) -> Diagnostic.Note {
        Diagnostic.Note(path: path, position: span.start, message: message)
    }
}
