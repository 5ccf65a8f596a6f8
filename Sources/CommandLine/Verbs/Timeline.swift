package import ArgumentParser
import Domain

/// `agirunner timeline`.
package struct Timeline: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract:
            "Show a run from its first attempt to its last decision: who did what, with which tools, for "
            + "how much."
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "workflow/NAME.") var target: String

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let client = try connection.client()
        let target = try Target(self.target)
        guard target.kind.name == "Workflow" else { throw CommandFailure("only a workflow has a timeline") }
        let record = try await RunReader(client: client, namespace: connection.namespace).read(
            try target.required()
        )
        for line in record.lines() { environment.output(line) }
    }
}

/// Collects the objects of a run.
struct RunReader {
    let client: ControlClient
    let namespace: String

    func read(_ name: String) async throws -> RunTimeline {
        let workflow = try await client.get(.workflow, namespace: namespace, name: name)
        func list(_ kind: Kind) async throws -> [Object] {
            try await client.list(kind, namespace: namespace, labels: "\(LiveLabel.workflow)=\(name)")
        }
        let attempts = try await list(.attempt)
        var logs: [String: [Value]] = [:]
        for attempt in attempts { logs[attempt.metadata.name] = try await log(of: attempt.metadata.name) }
        return RunTimeline(
            workflow: workflow,
            tasks: try await list(.task),
            attempts: attempts,
            handoffs: try await list(.handoff),
            gates: try await list(.gate),
            logs: logs
        )
    }

    /// What an attempt's runtime wrote, oldest first.
    private func log(of attempt: String) async throws -> [Value] {
        let path = client.path(.attempt, namespace: namespace, name: attempt) + "/log"
        let answer = try await client.request("GET", path, accept: "application/x-ndjson")
        return try answer.body.split(separator: 0x0A).map { try Value(json: Array($0)) }
    }
}

/// A run's story as text.
struct RunTimeline {
    let workflow: Object
    let tasks: [Object]
    let attempts: [Object]
    let handoffs: [Object]
    let gates: [Object]
    /// By the name of the attempt.
    let logs: [String: [Value]]

    func lines() -> [String] {
        let status = workflow.status ?? .null
        var lines = [
            "workflow/\(workflow.metadata.name): \(cell(status["phase"]))"
                + " · playbook \(cell(status["playbook"])) \(cell(status["playbookVersion"]))"
        ]
        if isScripted { lines.append("the thinking is scripted: a screenplay played the model's part") }
        lines += entries().sorted { $0.at < $1.at }.flatMap(\.lines)
        let spend = status["spend"] ?? .null
        lines.append(
            "total: \(tokens(spend)) tokens, $\(cell(spend["cost"])), "
                + "\(cell(spend["modelCalls"])) model calls, \(cell(spend["toolCalls"])) tool calls"
                + (duration.map { ", \(span($0))" } ?? "")
        )
        if status["branch"]?.string != nil, status["head"]?.string != nil {
            lines.append("branch: \(cell(status["branch"])) at \(cell(status["head"]).prefix(7))")
        }
        return lines
    }

    private var isScripted: Bool {
        logs.values.contains { log in log.contains { $0.at("data", "scripted")?.bool == true } }
    }

    private var duration: Duration? {
        guard let start = moment(workflow.status?["startedAt"]),
            let end = moment(workflow.status?["finishedAt"])
        else {
            return nil
        }
        return end - start
    }

    private struct Entry {
        let at: Timestamp
        let lines: [String]
    }

    private func entries() -> [Entry] {
        attempts.map(entry) + gates.flatMap(entries)
    }

    private func entry(_ attempt: Object) -> Entry {
        let status = attempt.status ?? .null
        let task = tasks.first { $0.metadata.name == status["task"]?.string }
        let usage = status["usage"] ?? .null
        let start = attempt.metadata.creationTimestamp ?? Timestamp(microseconds: 0)
        let took = moment(status["finishedAt"]).map { span($0 - start) } ?? "running"
        let revision = (status["revision"]?.integer ?? 1) > 1 ? " revision \(cell(status["revision"]))" : ""
        var lines = [
            "",
            "\(cell(task?.status?["stage"])) · \(cell(task?.status?["role"]))\(revision) · "
                + "\(attempt.metadata.name)"
                + " · \(cell(status["state"])) · \(tokens(usage)) tokens · $\(cell(usage["cost"])) · \(took)",
        ]
        let names = (logs[attempt.metadata.name] ?? []).compactMap { line in
            line["source"]?.string == "tool" ? line.at("data", "tool").map { cell($0) } : nil
        }
        if !names.isEmpty { lines.append("  tools: " + names.joined(separator: ", ")) }
        if let message = status["message"]?.string {
            lines.append("  " + printableLines(message, indent: "    "))
        }
        let handoff = handoffs.first { $0.status?["attemptUID"]?.string == attempt.metadata.uid?.text }
        if let handoff {
            let verdict = handoff.status?["resolution"]?.string.map { "\($0): " } ?? ""
            lines.append("  \(verdict)\(cell(handoff.status?["summary"]))")
        }
        return Entry(at: start, lines: lines)
    }

    private func entries(_ gate: Object) -> [Entry] {
        let status = gate.status ?? .null
        let opened = gate.metadata.creationTimestamp ?? Timestamp(microseconds: 0)
        let asked = Entry(
            at: opened,
            lines: ["", "\(cell(status["stage"])) · gate/\(gate.metadata.name): \(cell(status["question"]))"]
        )
        let votes = (status["votes"]?.array ?? []).map { vote in
            Entry(
                at: moment(vote["at"]) ?? opened,
                lines: [
                    "  \(cell(vote["by"])): \(cell(vote["action"]))"
                        + (vote["note"]?.string.map { " — " + printableLines($0, indent: "    ") } ?? "")
                ]
            )
        }
        return [asked] + votes
    }

    private func tokens(_ usage: Value) -> Int64 {
        (usage["inputTokens"]?.integer ?? 0) + (usage["outputTokens"]?.integer ?? 0)
    }

    private func moment(_ value: Value?) -> Timestamp? { value?.string.flatMap { Timestamp($0) } }
}
