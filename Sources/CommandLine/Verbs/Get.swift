package import ArgumentParser
import Catalog
import Domain
import Synchronization

/// `agirunner get`.
package struct Get: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Show objects.",
        discussion:
            "Kinds may be given as plural, singular or short name, several with commas; or as kind/NAME."
    )

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "Kinds, or kind/NAME.") var kinds: String
    @Argument(help: "The object's name.") var name: String?
    @Flag(name: [.customShort("A"), .long], help: "All namespaces.") var allNamespaces = false
    @Option(name: [.customShort("l"), .long], help: "Labels, as in 'agirunner.dev/workflow=x'.") var selector:
        String?
    @Option(help: "Fields, as in 'declared=true'.") var fieldSelector: String?
    @Option(name: .shortAndLong, help: "json, yaml, wide, name or jsonpath=PATH.") var output: String?
    @Flag(name: .shortAndLong, help: "Go on showing changes.") var watch = false
    @Flag(help: "Leave the headers out.") var noHeaders = false
    @Flag(help: "Print who holds which fields, too.") var showManagedFields = false
    @Flag(help: "Answer nothing instead of an error when there is no such object.") var ignoreNotFound = false

    /// A command to be filled by the parser.
    package init() {}

    package func validate() throws {
        guard name == nil && !kinds.contains("/") || selector == nil && fieldSelector == nil else {
            throw ValidationError("A name cannot be given together with a selector.")
        }
    }

    package func run() async throws {
        let client = try connection.client()
        let targets = try kinds.split(separator: ",").map { try Target(String($0), name: name) }
        for target in targets {
            let namespace = allNamespaces || !target.kind.isNamespaced ? nil : connection.namespace
            switch output?.split(separator: "=", maxSplits: 1).first {
            case "json", "yaml", "name", "jsonpath": try await printObjects(target, namespace, client)
            case nil, "wide": try await printTable(target, namespace, client)
            case .some(let other):
                throw CommandFailure("-o must be json, yaml, wide, name or jsonpath=PATH, not '\(other)'")
            }
        }
    }

    private func printObjects(_ target: Target, _ namespace: String?, _ client: ControlClient) async throws {
        let environment = try CommandEnvironment.required()
        let objects: [Object]
        if let name = target.name {
            let found = try await client.find(
                target.kind,
                namespace: namespace ?? connection.namespace,
                name: name
            )
            guard found != nil || ignoreNotFound else { throw notFound(target.kind, name) }
            objects = found.map { [$0] } ?? []
        } else {
            objects = try await client.list(
                target.kind,
                namespace: namespace,
                labels: selector,
                fields: fieldSelector
            )
        }
        let values = try objects.map { object in
            var object = object
            if !showManagedFields { object.metadata.managedFields = nil }
            return try Value(encoding: object)
        }
        let list: Value = ["apiVersion": "v1", "kind": "List", "items": .array(values)]
        let shown = target.name == nil ? list : values.first ?? .null
        switch output ?? "" {
        case "json": environment.output(shown.prettyJSON)
        case "yaml": environment.output(YAMLText.document(shown).trimmingLastNewline)
        case "name":
            for object in objects {
                environment.output("\(target.kind.singular).\(Kind.group)/\(object.metadata.name)")
            }
        case let format:
            let path = format.dropFirst("jsonpath=".count)
            for value in values {
                if let found = valueAt(path: String(path), in: value) {
                    environment.output(found.string ?? found.canonicalJSON)
                }
            }
        }
    }

    private func notFound(_ kind: Kind, _ name: String) -> CommandFailure {
        CommandFailure(
            "Error from server (NotFound): \(kind.plural).\(Kind.group) \"\(name)\" not found",
            reason: "NotFound"
        )
    }

    private func printTable(_ target: Target, _ namespace: String?, _ client: ControlClient) async throws {
        let environment = try CommandEnvironment.required()
        let path = client.path(
            target.kind,
            namespace: namespace ?? (target.name == nil ? nil : connection.namespace),
            name: target.name
        )
        let answer: Value
        do {
            let query = client.query([("labelSelector", selector), ("fieldSelector", fieldSelector)])
            answer = try Value(json: try await client.request("GET", path + query, accept: tableAccept).body)
        } catch let failure as CommandFailure where failure.reason == "NotFound" && ignoreNotFound {
            return
        }
        let printer = Mutex(
            TablePrinter(
                showsNamespace: allNamespaces && target.kind.isNamespaced,
                isWide: output == "wide",
                showsHeaders: !noHeaders
            )
        )
        let lines = printer.withLock { $0.lines(answer) }
        for line in lines { environment.output(line) }
        if lines.isEmpty && !watch {
            environment.notice("No resources found\(namespace.map { " in \($0) namespace" } ?? "").")
        }
        guard watch else { return }
        let items: [(String, String?)] = [
            ("watch", "1"), ("labelSelector", selector),
            ("resourceVersion", answer.at("metadata", "resourceVersion")?.string),
            ("fieldSelector", target.name.map { "metadata.name=\($0)" } ?? fieldSelector),
        ]
        let list = client.path(
            target.kind,
            namespace: namespace ?? (target.kind.isNamespaced && !allNamespaces ? connection.namespace : nil)
        )
        try await client.transport.lines(list + client.query(items), [("Accept", tableAccept)]) { line in
            let event = try Value(json: line)
            if event["type"]?.string == "ERROR" {
                throw CommandFailure(.init(status: 410, body: event["object"]?.canonicalBytes ?? []))
            }
            guard event["type"]?.string != "BOOKMARK", let table = event["object"] else { return true }
            for line in printer.withLock({ $0.lines(table) }) { environment.output(line) }
            return true
        }
    }
}

private let tableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

extension String {
    var trimmingLastNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}

/// Prints the server's tables one after the other as one: headers once, columns that only grow.
struct TablePrinter {
    private let showsNamespace: Bool
    private let isWide: Bool
    private var showsHeaders: Bool
    private var columns: [Value] = []
    private var widths: [Int] = []

    init(showsNamespace: Bool, isWide: Bool, showsHeaders: Bool) {
        self.showsNamespace = showsNamespace
        self.isWide = isWide
        self.showsHeaders = showsHeaders
    }

    /// The lines of a table's rows; the first rows bring the headers, and no rows give no lines.
    mutating func lines(_ table: Value) -> [String] {
        if let columns = table["columnDefinitions"]?.array, !columns.isEmpty { self.columns = columns }
        let shown = columns.indices.filter { isWide || (columns[$0]["priority"]?.integer ?? 0) == 0 }
        let headers = (showsNamespace ? ["Namespace"] : []) + shown.map { columns[$0]["name"]?.string ?? "" }
        let rows = table["rows"]?.array ?? []
        guard !rows.isEmpty else { return [] }
        var text = TableText(headers, widths: widths)
        for row in rows {
            let cells = row["cells"]?.array ?? []
            let namespace = row.at("object", "metadata", "namespace")?.string ?? "<none>"
            text.add(
                (showsNamespace ? [namespace] : [])
                    + shown.map { cells.indices.contains($0) ? cell(cells[$0]) : "<none>" }
            )
        }
        widths = text.widths
        defer { showsHeaders = false }
        return text.lines(withHeaders: showsHeaders)
    }
}
