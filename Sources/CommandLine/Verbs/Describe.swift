package import ArgumentParser
import Catalog
import Domain

/// `agirunner describe`.
package struct Describe: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Show an object with its events.")

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "kind/NAME, or a kind.") var target: String
    @Argument(help: "The object's name.") var name: String?

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let client = try connection.client()
        let target = try Target(self.target, name: name)
        let object = try await client.get(
            target.kind,
            namespace: connection.namespace,
            name: try target.required()
        )
        var value = try Value(encoding: object)
        value["metadata"]?["managedFields"] = nil
        let conditions = value.at("status", "conditions")?.array ?? []
        value["status"]?["conditions"] = nil
        let diagnostics = takeDiagnostics(from: &value)
        environment.output(printableLines(YAMLText.document(value)))
        if !conditions.isEmpty {
            var table = TableText(["Type", "Status", "Reason", "Message"])
            for condition in conditions {
                table.add(["type", "status", "reason", "message"].map { cell(condition[$0]) })
            }
            environment.output("\nConditions:")
            for line in table.lines() { environment.output("  " + line) }
        }
        if !diagnostics.isEmpty { environment.output("\nDiagnostics:") }
        for line in diagnostics.flatMap({ $0.text().split(separator: "\n") }) {
            environment.output("  " + line)
        }
        for gate in value.at("status", "openGates")?.array ?? [] {
            environment.output("\nWaiting for a decision: \(cell(gate["question"]))")
            environment.output("  agirunner approve gate/\(cell(gate["name"]))")
        }
        for escalation in value.at("status", "openEscalations")?.array ?? [] {
            environment.output("\nWaiting for an answer: \(cell(escalation["question"]))")
            environment.output("  agirunner answer escalation/\(cell(escalation["name"])) --note '…'")
        }
        let log = EventLog(client: client, namespace: connection.namespace)
        let (events, _) = try await log.events(about: target.kind, name: object.metadata.name)
        environment.output("\nEvents:" + (events.isEmpty ? " <none>" : ""))
        for line in EventLog.table(events, now: environment.now()) { environment.output("  " + line) }
    }
}

/// Takes the diagnostics out of an object's status, to be shown as `validate` shows them.
private func takeDiagnostics(from object: inout Value) -> [Diagnostic] {
    // What cannot be read was written by another version, and stays where it is.
    guard let diagnostics: [Diagnostic] = try? object.at("status", "diagnostics")?.decode() else { return [] }
    object["status"]?["diagnostics"] = nil
    return diagnostics
}
