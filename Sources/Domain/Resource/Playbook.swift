/// The spec of a Playbook: a repeatable recipe of roles and stages.
package struct PlaybookSpec: Sendable, Hashable, Codable {
    package enum Lifecycle: String, Sendable, Codable { case planned, ongoing }

    package struct Parameter: Sendable, Hashable, Codable {
        package var name: String
        package var title: String
        package var required: Bool
        package var `default`: String?
        package var maxLength: Int?
    }

    /// A piece of work a stage always has.
    package struct Item: Sendable, Hashable, Codable {
        package var name: String
        package var title: String?
        package var goal: String?
        package var acceptance: String?
        package var role: String?
        package var dependsOn: [String]
    }

    /// A person's approval before a stage counts as done.
    package struct Gate: Sendable, Hashable, Codable {
        package enum OnReject: String, Sendable, Codable { case fail, hold, returnTo }
        package enum OnTimeout: String, Sendable, Codable { case hold, fail, escalate }

        /// `role:<access role>` or a subject.
        package var approvers: [String]
        /// How many different people must approve.
        package var count: Int
        /// `requester` or `author`: who may not approve.
        package var notBy: [String]
        package var onReject: OnReject
        package var timeout: String?
        package var onTimeout: OnTimeout
    }

    /// What happens when an assessor asks for changes.
    package struct ChangesRequested: Sendable, Hashable, Codable {
        package enum Exhausted: String, Sendable, Codable { case escalate, fail }

        /// The stage that is worked again; nil means the stage whose delivery was judged.
        package var returnTo: String?
        package var maxCycles: Int
        package var whenExhausted: Exhausted
    }

    package struct Stage: Sendable, Hashable, Codable {
        package var name: String
        package var goal: String
        package var guidance: String?
        /// Roles that deliver, in order.
        package var roles: [String]
        /// Roles that judge the newest delivery, in parallel.
        package var assessedBy: [String]
        package var workItems: [Item]
        package var gate: Gate?
        package var onChangesRequested: ChangesRequested
    }

    package struct Limits: Sendable, Hashable, Codable {
        package var reworkPerTask: Int
        package var activeTasks: Int?
        package var activeTasksPerWorkItem: Int?
        package var parallelWorkItems: Int?
        package var iterationsPerTask: Int
        package var modelRetries: Int
        package var tokensPerTask: Int64?
        package var costUSDPerTask: USD?
    }

    package struct Retry: Sendable, Hashable, Codable {
        package enum Backoff: String, Sendable, Codable { case fixed, linear, exponential }

        package var maxAttempts: Int
        package var backoff: Backoff
        package var categories: [String]
    }

    package struct Orchestration: Sendable, Hashable, Codable {
        package enum Mode: String, Sendable, Codable { case rules, agent }

        package var mode: Mode
        package var roleRef: String?
    }

    /// How the work items of a run are shown.
    package struct Board: Sendable, Hashable, Codable {
        package struct Column: Sendable, Hashable, Codable {
            package var id: String
            package var label: String
            package var blocked: Bool
            package var terminal: Bool
        }

        /// The id of the column that items begin in.
        package var entry: String
        package var columns: [Column]
    }

    package var displayName: String
    package var version: String
    package var outcome: String
    package var summary: String?
    package var lifecycle: Lifecycle
    package var parameters: [Parameter]
    package var roles: [String]
    package var stages: [Stage]
    package var instructions: String
    package var orchestration: Orchestration
    package var limits: Limits
    package var retry: Retry
    package var runtimeProfileRef: String?
    package var board: Board?
    /// Policies that it is under, whatever they say that they are for; nil as none.
    package var policyRefs: [String]?
}
