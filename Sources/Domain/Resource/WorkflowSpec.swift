/// The spec of a Workflow: one run of a playbook.
package struct WorkflowSpec: Sendable, Hashable, Codable {
    package enum DesiredState: String, Sendable, Codable { case run, paused, cancelled }

    package struct PlaybookReference: Sendable, Hashable, Codable {
        package var name: String
        package var version: String?
    }

    package struct Budget: Sendable, Hashable, Codable {
        package enum OnExceeded: String, Sendable, Codable { case ask, stop, warn }

        package var tokens: Int64?
        package var costUSD: USD?
        package var wallClock: String?
        package var onExceeded: OnExceeded
    }

    package var playbookRef: PlaybookReference
    package var workspaceRef: String?
    package var parameters: [String: String]
    package var budget: Budget?
    package var priority: Int
    package var state: DesiredState
}

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
