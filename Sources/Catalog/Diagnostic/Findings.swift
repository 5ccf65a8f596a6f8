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
    /// How many more names unknown ones are compared with.
    private var namesLeft = 10_000
    /// What the object refers to.
    var references: [Reference] = []

    init(path: String) { self.path = path }

    /// The first error after some others, or the last diagnostic when it is not listed.
    func firstError(after errors: Int) -> Diagnostic? {
        diagnostics.lazy.filter { $0.severity == .error }.dropFirst(errors).first ?? diagnostics.last
    }

    /// The first error in a stretch of the file, or the last diagnostic when one that is not listed may be
    /// in it.
    func firstError(in span: TextSpan) -> Diagnostic? {
        let found = diagnostics.first {
            $0.severity == .error && span.start <= $0.span.start && $0.span.start < span.end
        }
        return found ?? (isFullOfErrors ? diagnostics.last : nil)
    }

    /// Lets go of all diagnostics but the first error, or the first one where there is no error.
    mutating func keepFirst() {
        let first = diagnostics.first { $0.severity == .error } ?? diagnostics.first
        diagnostics = first.map { [$0] } ?? []
        errorCount = first?.severity == .error ? 1 : 0
    }

    /// What to say of a name that is unknown when it is like one of those that there are.
    ///
    /// A file of twenty thousand names has twenty thousand that they are like, so it is told of a few, and
    /// of none that is not listed.
    mutating func suggestion(for name: String, among names: @autoclosure () -> [String]) -> String? {
        nearest(to: name, among: names()).map { "did you mean '\($0)'?" }
    }

    /// The name that an unknown one was probably meant to be, as ``suggestion(for:among:)`` says it.
    mutating func nearest(to name: String, among names: @autoclosure () -> [String]) -> String? {
        guard namesLeft > 0, !isFullOfErrors else { return nil }
        let names = names()
        namesLeft -= names.count
        return namesLeft < 0 ? nil : nearestName(to: name, among: names)
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
        guard hasRoom(for: severity) else { return }
        let said = field.map(shownField)
        let message = field == said ? message : message.replacing(field ?? "", with: said ?? "")
        keep(
            Diagnostic(
                code: code.rawValue,
                severity: severity,
                path: path,
                span: span,
                object: object.map(shown),
                field: said,
                message: shown(message),
                fix: fix.map(shown),
                notes: notes.map {
                    Diagnostic.Note(path: $0.path, position: $0.position, message: shown($0.message))
                }
            )
        )
    }

    /// Whether there were errors that are not listed, which goes for whatever comes.
    private var isFullOfErrors: Bool {
        diagnostics.count == Self.limit && diagnostics.last?.severity == .error
    }

    private func hasRoom(for severity: Diagnostic.Severity) -> Bool {
        diagnostics.count < Self.limit || severity == .error && !isFullOfErrors
    }

    /// Lists a diagnostic as long as there is room, which an error takes from a warning; the last one tells
    /// of the rest, and is an error when one of those is.
    private mutating func keep(_ diagnostic: Diagnostic) {
        let last = Self.limit - 1
        guard diagnostics.count >= last else { return diagnostics.append(diagnostic) }
        if diagnostics.count == last { diagnostics.append(rest(from: diagnostic.span, .warning)) }
        guard diagnostic.severity == .error else { return }
        if let warning = diagnostics[..<last].lastIndex(where: { $0.severity == .warning }) {
            diagnostics.remove(at: warning)
            diagnostics.insert(diagnostic, at: last - 1)
        } else {
            diagnostics[last] = rest(from: diagnostic.span, .error)
        }
    }

    private func rest(from span: TextSpan, _ severity: Diagnostic.Severity) -> Diagnostic {
        Diagnostic(
            code: Code.tooManyDiagnostics.rawValue,
            severity: severity,
            path: path,
            span: span,
            object: object.map(shown),
            message: "a file must not have so many mistakes; the rest is not listed"
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

    /// A text of bounded length without credentials: what a file says ends up in statuses, which hold fifty
    /// of them.
    private func shown(_ text: String) -> String {
        cut(withoutCredentials(String(text.unicodeScalars.prefix(2 * Self.textLimit))))
    }

    /// The name of a field, part by part: the dot before it would hide a key that looks like a credential.
    private func shownField(_ field: String) -> String {
        let parts = Substring(field.unicodeScalars.prefix(2 * Self.textLimit))
            .split(separator: ".", omittingEmptySubsequences: false)
        return cut(parts.map { withoutCredentials(String($0)) }.joined(separator: "."))
    }

    private func cut(_ text: String) -> String {
        text.unicodeScalars.count <= Self.textLimit
            ? text : String(text.unicodeScalars.prefix(Self.textLimit - 1)) + "…"
    }

    /// A note on a place of the same file.
    func note(_ span: TextSpan, _ message: String) -> Diagnostic.Note {
        Diagnostic.Note(path: path, position: span.start, message: message)
    }
}
