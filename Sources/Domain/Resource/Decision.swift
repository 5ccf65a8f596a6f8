/// The spec of a Decision: how a person acts.
package struct DecisionSpec: Sendable, Hashable, Codable {
    package struct Target: Sendable, Hashable, Codable {
        package var kind: String
        package var name: String

        /// A target of its parts.
        package init(kind: String, name: String) {
            self.kind = kind
            self.name = name
        }
    }

    package enum Action: String, Sendable, Codable {
        case approve, reject, requestChanges, block, pause, resume, cancel, retry, reassign, skip, override
        case answer, steer, redrive, drain
    }

    /// What the decision was made on; it is refused when that has changed.
    package struct Expectation: Sendable, Hashable, Codable {
        package var digest: Digest?
        package var generation: Int64?
    }

    package var target: Target
    package var action: Action
    package var note: String?
    package var input: Value?
    package var expects: Expectation?

    /// A decision without note, input or expectation.
    package init(target: Target, action: Action) {
        self.target = target
        self.action = action
    }
}
