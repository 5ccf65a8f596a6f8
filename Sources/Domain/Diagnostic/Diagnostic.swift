/// A place in a text: line and column are 1-based, columns count Unicode scalars.
package struct TextPosition: Sendable, Hashable, Comparable, Codable {
    package let line: Int
    package let column: Int

    /// A place from its 1-based line and column.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package static func < (left: TextPosition, right: TextPosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A stretch of a text; `end` is the first place after it.
package struct TextSpan: Sendable, Hashable, Codable {
    package let start: TextPosition
    package let end: TextPosition

    /// A stretch from its first place to the first place after it.
    package init(start: TextPosition, end: TextPosition) {
        self.start = start
        self.end = end
    }
}

/// A mistake in a file, told to its author: where, what must hold, and how to mend it when that is known.
package struct Diagnostic: Sendable, Hashable, Codable {
    /// How bad it is; only an error holds an object back.
    package enum Severity: String, Sendable, Hashable, Codable { case error, warning }

    /// Another place that explains the first.
    package struct Note: Sendable, Hashable, Codable {
        package let path: String
        package let position: TextPosition
        package let message: String

        /// A note on a place.
        package init(path: String, position: TextPosition, message: String) {
            self.path = path
            self.position = position
            self.message = message
        }
    }

    /// A stable code such as `REF003`; its letters are the group (BYT YML ENV SCH REF SEM TXT RUN SEC POL
    /// CAT).
    package let code: String
    package let severity: Severity
    /// Path below the source's root, with `/` between parts.
    package let path: String
    package let span: TextSpan
    /// `Kind/name`, when the object is known.
    package let object: String?
    /// The field as `spec.stages[2].roles[0]`, when there is one.
    package let field: String?
    /// What must hold, phrased with "must".
    package let message: String
    /// How to mend it, when that is known ("did you mean 'reviewer'?").
    package let fix: String?
    package let notes: [Note]
    /// The line with the value marked, for whoever has no file to look at; credentials in it are masked.
    package var excerpt: String?

    /// A diagnostic with all its parts.
    package init(
        code: String,
        severity: Severity = .error,
        path: String,
        span: TextSpan,
        object: String? = nil,
        field: String? = nil,
        message: String,
        fix: String? = nil,
        notes: [Note] = [],
        excerpt: String? = nil
    ) {
        self.code = code
        self.severity = severity
        self.path = path
        self.span = span
        self.object = object
        self.field = field
        self.message = message
        self.fix = fix
        self.notes = notes
        self.excerpt = excerpt
    }
}

extension Diagnostic: Comparable {
    /// The order they are shown in: path, line, column, code.
    package static func < (left: Diagnostic, right: Diagnostic) -> Bool {
        (left.path, left.span.start, left.code) < (right.path, right.span.start, right.code)
    }
}
