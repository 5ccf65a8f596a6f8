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

    /// Bounds that are tighter than those of the playbook; what is nil stays as it is there.
    package struct Limits: Sendable, Hashable, Codable {
        package var reworkPerTask: Int?
        package var activeTasks: Int?
        package var activeTasksPerWorkItem: Int?
        package var parallelWorkItems: Int?
        package var iterationsPerTask: Int?
        package var modelRetries: Int?
        package var tokensPerTask: Int64?
        package var costUSDPerTask: USD?
    }

    package var playbookRef: PlaybookReference
    package var workspaceRef: String?
    package var parameters: [String: String]
    package var budget: Budget?
    package var priority: Int
    package var state: DesiredState
    package var limits: Limits?
    package var orchestration: PlaybookSpec.Orchestration?
}
