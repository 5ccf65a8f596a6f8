/// A screenplay: the turns that a `scripted` provider plays instead of asking a model.
package struct Screenplay: Sendable, Hashable, Codable {
    /// What must hold for what a call was shown that is new; several are joined by *and*.
    package struct Seen: Sendable, Hashable, Codable {
        package var contains: String?
        /// A glob, never a regular expression.
        package var matches: String?
        /// Which tool's result is looked at.
        package var tool: String?
        package var error: Bool?
    }

    package struct Call: Sendable, Hashable, Codable {
        package var tool: String
        package var input: Value
    }

    package struct Turn: Sendable, Hashable, Codable {
        package var seen: Seen?
        package var say: String?
        package var calls: [Call]
    }

    package struct Scene: Sendable, Hashable, Codable {
        package var role: String
        package var stage: String?
        package var revision: Int?
        package var attempt: Int?
        package var workflow: String?
        package var turns: [Turn]
        /// Played when the scene departs; nil means the model call fails.
        package var departs: [Turn]?
    }

    package var scenes: [Scene]
    /// How tokens are counted: `bytes` is UTF-8 bytes / 4, rounded up.
    package var usage: String
}
