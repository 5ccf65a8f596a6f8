/// The spec of a Trigger: what starts work without a person.
package struct TriggerSpec: Sendable, Hashable, Codable {
    /// Exactly one of them.
    package struct Source: Sendable, Hashable, Codable {
        package var schedule: Schedule?
        package var webhook: Webhook?
        package var git: Repository?
    }

    package struct Schedule: Sendable, Hashable, Codable {
        /// As ``CronExpression`` reads it.
        package var cron: String
        package var timeZone: String
    }

    package struct Webhook: Sendable, Hashable, Codable {
        package var signature: HookSignature
        package var secretRef: SecretReference
        /// The header that says what happened.
        package var eventHeader: String?
    }

    package struct Repository: Sendable, Hashable, Codable {
        package var sourceRef: String
        package var paths: [String]
    }

    /// What must hold of what was sent; either `equals` or `matches`.
    package struct Condition: Sendable, Hashable, Codable {
        package var path: String
        package var equals: String?
        /// A glob, never a regular expression.
        package var matches: String?
    }

    /// Exactly one of them, beside `parametersFrom`.
    package struct Action: Sendable, Hashable, Codable {
        package var createWorkflow: NewWorkflow?
        package var createWorkItem: WorkItemSpec?
        package var reconcile: Reconciliation?
        /// By parameter, where its value stands in what was sent.
        package var parametersFrom: [String: String]
    }

    package struct NewWorkflow: Sendable, Hashable, Codable {
        package var playbookRef: WorkflowSpec.PlaybookReference
        package var workspaceRef: String?
        package var parameters: [String: String]
        package var priority: Int
    }

    package struct Reconciliation: Sendable, Hashable, Codable {
        package var sourceRef: String
    }

    package enum Concurrency: String, Sendable, Codable { case allow, forbid, replace }

    package var source: Source
    package var filter: [Condition]
    package var dedupeKey: String?
    package var action: Action
    package var concurrency: Concurrency
    package var historyLimit: Int
    package var suspend: Bool
}
