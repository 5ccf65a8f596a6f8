package import Domain

/// Some changes and how far they go.
package struct ChangePage: Sendable, Hashable {
    package var changes: [Change]
    /// Everything up to here is in this page or was not asked for; where the next page starts.
    package var through: Position

    /// A page of its parts.
    package init(changes: [Change], through: Position) {
        self.changes = changes
        self.through = through
    }
}

/// A line of a task's log with the attempt that wrote it.
package struct LogEntry: Sendable, Hashable {
    package var attempt: String
    package var line: TaskLogLine
    /// Grows from line to line of the same task or attempt; the next page starts after it.
    package var cursor: Int64

    /// An entry of its parts.
    package init(attempt: String, line: TaskLogLine, cursor: Int64) {
        self.attempt = attempt
        self.line = line
        self.cursor = cursor
    }
}

/// One thing that must be well.
package struct ReadinessCheck: Sendable, Hashable {
    package var name: String
    package var isReady: Bool
    /// For people; shown to anyone who can reach the door.
    package var message: String

    /// A check of its parts.
    package init(name: String, isReady: Bool, message: String) {
        self.name = name
        self.isReady = isReady
        self.message = message
    }
}

/// One column of a table.
package struct TableColumn: Sendable, Hashable {
    package var title: String
    /// Keys from the envelope down; in an array a number is an index, else the element of that `type` or
    /// `name`.
    package var path: [String]
    /// The keys to look at in an object that has nothing there; empty: there is nothing else to look at.
    package var otherPath: [String] = []
    /// `string`, `integer`, `number`, `boolean`, or `date`, which is shown as an age.
    package var type: String
    /// Shown by default when 0, else only when a wide table is asked for.
    package var priority: Int

    /// A column of its parts.
    package init(title: String, path: [String], type: String = "string", priority: Int = 0) {
        self.title = title
        self.path = path
        self.type = type
        self.priority = priority
    }
}

/// A whole object to be written.
package struct WriteRequest: Sendable, Hashable {
    package enum Method: String, Sendable, Hashable {
        /// Fails with `alreadyExists`.
        case create
        /// Fails with `notFound`.
        case replace
        /// Creates or replaces.
        case apply
    }

    package enum FieldValidation: String, Sendable, Hashable {
        case strict = "Strict"
        case warn = "Warn"
        case ignore = "Ignore"
    }

    package var method: Method
    /// What it is called, from the URL; the object's own metadata agrees.
    package var key: ObjectKey
    /// The envelope without its status and what the server sets in the metadata.
    package var object: Value
    /// Who asks: `unix:1000`.
    package var actor: String
    /// Whose the fields become: what the client calls itself, else who asks.
    package var manager: String
    /// Whether fields that others hold are taken from them.
    package var isForced = false
    /// Whether the object is taken from the source that declares it.
    package var takesOwnership = false
    package var isDryRun: Bool
    package var fieldValidation: FieldValidation
    /// The version the object must still have, else `conflict`; nil when the client does not care.
    package var resourceVersion: Position?

    /// A request of its parts.
    package init(
        method: Method,
        key: ObjectKey,
        object: Value,
        actor: String,
        isDryRun: Bool,
        fieldValidation: FieldValidation,
        resourceVersion: Position?
    ) {
        self.method = method
        self.key = key
        self.object = object
        self.actor = actor
        manager = actor
        self.isDryRun = isDryRun
        self.fieldValidation = fieldValidation
        self.resourceVersion = resourceVersion
    }
}

/// An object to be deleted.
package struct DeleteRequest: Sendable, Hashable {
    package var key: ObjectKey
    /// Who asks: `unix:1000`.
    package var actor: String
    package var isDryRun: Bool
    /// The uid the object must have, else `conflict`; nil when the client does not care.
    package var uid: UID?
    /// The version the object must still have, else `conflict`; nil when the client does not care.
    package var resourceVersion: Position?

    /// A request of its parts, for whatever object has the key.
    package init(key: ObjectKey, actor: String, isDryRun: Bool) {
        self.key = key
        self.actor = actor
        self.isDryRun = isDryRun
    }
}

/// What a write left behind.
package struct WriteResult: Sendable, Hashable {
    package var object: Object
    package var isCreated: Bool
    /// Sentences for the client, such as unknown fields when it asked for warnings.
    package var warnings: [String]

    /// A result of its parts.
    package init(object: Object, isCreated: Bool, warnings: [String] = []) {
        self.object = object
        self.isCreated = isCreated
        self.warnings = warnings
    }
}

/// An object that was refused for what is in it; the client is told every diagnostic.
package struct InvalidObject: Error, Sendable, Hashable {
    package let diagnostics: [Diagnostic]

    /// A refusal with its diagnostics, at least one.
    package init(diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }
}
