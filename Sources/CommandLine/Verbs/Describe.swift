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
        environment.output(YAMLText.document(value).trimmingLastNewline)
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
        let events = try await EventLog(client: client, namespace: connection.namespace).events(
            about: target.kind,
            object
        )
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

/// `agirunner events`.
package struct Events: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Show what happened, oldest first.")

    @OptionGroup var connection: ConnectionOptions
    @Option(
        name: .customLong("for"),
        help: "Only what is about kind/NAME; a workflow includes everything in it."
    )
    var subject: String?
    @Flag(name: .shortAndLong, help: "Go on showing new ones.") var watch = false

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let client = try connection.client()
        let log = EventLog(client: client, namespace: connection.namespace)
        let target = try subject.map { try Target($0) }
        let events = try await log.events(about: target?.kind, name: target?.name)
        for line in EventLog.table(events, now: environment.now()) { environment.output(line) }
        guard watch, let kind = Kind.named("Event") else { return }
        let last = events.last?.metadata.resourceVersion?.description
        let path = client.path(kind, namespace: connection.namespace)
        try await client.transport.lines(
            path + client.query([("watch", "1"), ("resourceVersion", last)]),
            [("Accept", "application/json")]
        ) { line in
            let change = try Value(json: line)
            guard change["type"]?.string == "ADDED", let object = change["object"] else { return true }
            let event: Object = try object.decode()
            guard EventLog.isAbout(event, target?.kind, target?.name) else { return true }
            for line in EventLog.table([event], now: environment.now()).dropFirst() {
                environment.output(line)
            }
            return true
        }
    }
}

/// Reads the event log through the door.
struct EventLog {
    let client: ControlClient
    let namespace: String

    func events(about kind: Kind, _ object: Object) async throws -> [Object] {
        try await events(about: kind, name: object.metadata.name)
    }

    func events(about kind: Kind?, name: String?) async throws -> [Object] {
        guard let events = Kind.named("Event") else { return [] }
        let all = try await client.list(events, namespace: namespace)
        return all.filter { Self.isAbout($0, kind, name) }
            .sorted { ($0.metadata.resourceVersion ?? .start) < ($1.metadata.resourceVersion ?? .start) }
    }

    static func isAbout(_ event: Object, _ kind: Kind?, _ name: String?) -> Bool {
        guard let kind, let name else { return true }
        let status = event.status
        let isSubject = status?["subjectKind"]?.string == kind.name && status?["subjectName"]?.string == name
        return isSubject || kind.name == "Workflow" && status?["workflow"]?.string == name
    }

    static func table(_ events: [Object], now: Timestamp) -> [String] {
        var table = TableText(["Age", "Type", "Object", "Actor", "What"])
        for event in events {
            let status = event.status ?? .null
            let time = status["time"]?.string.flatMap { Timestamp($0) } ?? now
            let subject = "\(cell(status["subjectKind"]).lowercased())/\(cell(status["subjectName"]))"
            table.add([
                age(now - time), cell(status["type"]), subject, cell(status["actor"]), what(status["data"]),
            ])
        }
        return table.lines()
    }

    /// The facts of an event that people look for, in a few words.
    private static func what(_ data: Value?) -> String {
        let keys = [
            "state", "phase", "reason", "currentStage", "resolution", "message", "fields", "owners", "commit",
            "summary", "from", "to", "event", "delivery",
        ]
        return keys.compactMap { key in
            guard let value = data?[key], !value.isNull else { return nil }
            let names = value.array?.compactMap(\.string)
            return "\(key)=\(names?.joined(separator: ",") ?? cell(value))"
        }.joined(separator: " ")
    }
}
