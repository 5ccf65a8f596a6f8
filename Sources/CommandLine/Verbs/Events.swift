package import ArgumentParser
import Catalog
import Domain

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
        let log = EventLog(client: try connection.client(), namespace: connection.namespace)
        let target = try subject.map { try Target($0) }
        let (events, version) = try await log.events(about: target?.kind, name: target?.name)
        // What came while the log was read is told by the watch.
        let last = watch ? version.flatMap { Position($0) } : nil
        let shown = events.filter { last == nil || ($0.metadata.resourceVersion ?? .start) <= last ?? .start }
        for line in EventLog.table(shown, now: environment.now()) { environment.output(line) }
        guard watch else { return }
        try await log.watch(about: target?.kind, name: target?.name, after: version) { event in
            for line in EventLog.table([event], now: environment.now()).dropFirst() {
                environment.output(line)
            }
        }
    }
}

/// Reads the event log through the door.
struct EventLog {
    let client: ControlClient
    let namespace: String

    /// The events of an object, or all, oldest first, and the version they were read at.
    ///
    /// What is about a workflow or something in it takes two looks; the version is that of the first.
    func events(
        about kind: Kind?,
        name: String?
    ) async throws -> (events: [Object], version: String?) {
        var found: [Position: Object] = [:]
        var version: String?
        for fields in Self.selectors(kind, name) {
            let page = try await client.listed(.event, namespace: namespace, fields: fields)
            version = version ?? page.version
            for event in page.objects { found[event.metadata.resourceVersion ?? .start] = event }
        }
        return (found.sorted { $0.key < $1.key }.map(\.value), version)
    }

    /// Hands over the events after a version, until it is cancelled.
    func watch(
        about kind: Kind?,
        name: String?,
        after version: String?,
        each: @escaping @Sendable (Object) -> Void
    ) async throws {
        let selectors = Self.selectors(kind, name)
        // One watch has one selector; where it takes two, it is asked for all.
        let fields = selectors.count == 1 ? selectors[0] : nil
        try await client.watch(
            client.path(.event, namespace: namespace),
            [("fieldSelector", fields)],
            after: version
        ) { type, object in
            let event: Object = try object.decode()
            guard type == "ADDED", Self.isAbout(event, kind, name) else { return }
            each(event)
        }
    }

    /// The field selectors whose events together are those of an object; nil selects all.
    private static func selectors(_ kind: Kind?, _ name: String?) -> [String?] {
        guard let kind, let name else { return [nil] }
        let subject = "status.subjectKind=\(kind.name),status.subjectName=\(name)"
        return kind.name == "Workflow" ? [subject, "status.workflow=\(name)"] : [subject]
    }

    private static func isAbout(_ event: Object, _ kind: Kind?, _ name: String?) -> Bool {
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
                (now - time).roughText, cell(status["type"]), subject, cell(status["actor"]),
                what(status["data"]),
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
            return "\(key)=\(names.map { printable($0.joined(separator: ",")) } ?? cell(value))"
        }.joined(separator: " ")
    }
}
