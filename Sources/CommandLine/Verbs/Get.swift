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
    @Option(
        name: .shortAndLong,
        help: "json, yaml, wide, name, jsonpath=PATH, or custom-columns=HEADER:PATH,…."
    )
    var output: String?
    @Option(name: [.customShort("L"), .long], help: "Labels to show in columns, with commas.")
    var labelColumns: String?
    @Flag(help: "Show all labels.") var showLabels = false
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
        guard !watch || output == nil || output == "wide" else {
            throw ValidationError("--watch shows a table; leave -o out, or ask for 'wide'.")
        }
        guard !watch || !kinds.contains(",") else {
            throw ValidationError("--watch shows one kind; '\(kinds)' are several.")
        }
    }

    package func run() async throws {
        let client = try connection.client()
        let targets = try kinds.split(separator: ",").map { try Target(String($0), name: name) }
        switch try OutputForm(output) {
        case .table(let isWide):
            for target in targets { try await printTable(target, isWide: isWide, client) }
        case let form: try await printObjects(targets, form, client)
        }
    }

    private func printObjects(_ targets: [Target], _ form: OutputForm, _ client: ControlClient) async throws {
        let environment = try CommandEnvironment.required()
        var values: [Value] = []
        for target in targets {
            for var object in try await objects(target, client) {
                if !showManagedFields { object.metadata.managedFields = nil }
                values.append(try Value(encoding: object))
                if case .name = form { environment.output(target.kind.reference(object.metadata.name)) }
            }
        }
        switch form {
        case .json: if let shown = document(values, targets) { environment.output(shown.prettyJSON) }
        case .yaml:
            guard let shown = document(values, targets) else { return }
            environment.output(YAMLText.document(shown).trimmingLastNewline)
        case .jsonpath(let path):
            for found in values.compactMap({ valueAt(path: path, in: $0) }) {
                environment.output(found.string ?? found.canonicalJSON)
            }
        case .columns(let columns):
            for line in columns.lines(values, withHeaders: !noHeaders) { environment.output(line) }
        case .name, .table: break
        }
    }

    /// One document of what is asked for: an object that is named alone, else a list.
    ///
    /// *Shape*: nil for a named object that is not there and need not be.
    private func document(_ values: [Value], _ targets: [Target]) -> Value? {
        let isNamed = targets.count == 1 && targets.allSatisfy { $0.name != nil }
        return isNamed ? values.first : ["apiVersion": "v1", "kind": "List", "items": .array(values)]
    }

    private func objects(_ target: Target, _ client: ControlClient) async throws -> [Object] {
        guard let name = target.name else {
            let namespace = namespace(of: target)
            return try await client.list(
                target.kind,
                namespace: namespace,
                labels: selector,
                fields: fieldSelector
            )
        }
        let found = try await client.find(target.kind, namespace: connection.namespace, name: name)
        guard found != nil || ignoreNotFound else { throw notFound(target.kind, name) }
        return found.map { [$0] } ?? []
    }

    /// The namespace to look in; nil for all, and for a kind that is in none.
    private func namespace(of target: Target) -> String? {
        allNamespaces || !target.kind.isNamespaced ? nil : connection.namespace
    }

    private func notFound(_ kind: Kind, _ name: String) -> CommandFailure {
        CommandFailure(
            "Error from server (NotFound): \(kind.plural).\(Kind.group) \"\(name)\" not found",
            reason: "NotFound"
        )
    }

    private func printTable(_ target: Target, isWide: Bool, _ client: ControlClient) async throws {
        let environment = try CommandEnvironment.required()
        guard let (table, version) = try await table(of: target, client) else { return }
        let printer = Mutex(printer(of: target, isWide: isWide))
        let lines = printer.withLock { $0.lines(table) }
        for line in lines { environment.output(line) }
        let namespace = namespace(of: target)
        if lines.isEmpty && !watch {
            environment.notice("No resources found\(namespace.map { " in \($0) namespace" } ?? "").")
        }
        guard watch else { return }
        let items: [(String, String?)] = [
            ("labelSelector", selector),
            ("fieldSelector", target.name.map { "metadata.name=\($0)" } ?? fieldSelector),
        ]
        try await client.watch(
            client.path(target.kind, namespace: namespace),
            items,
            after: version,
            accept: tableAccept
        ) { _, table in
            for line in printer.withLock({ $0.lines(table) }) { environment.output(line) }
        }
    }

    private func printer(of target: Target, isWide: Bool) -> TablePrinter {
        var printer = TablePrinter(
            showsNamespace: allNamespaces && target.kind.isNamespaced,
            isWide: isWide,
            showsHeaders: !noHeaders
        )
        printer.labelColumns = (labelColumns ?? "").split(separator: ",").map(String.init)
        printer.showsLabels = showLabels
        return printer
    }

    /// The table of all pages, and the version from which a watch goes on; nil for an object that is not
    /// there and need not be.
    private func table(
        of target: Target,
        _ client: ControlClient
    ) async throws -> (Value, version: String?)? {
        let named = target.name.map { client.path(target.kind, namespace: connection.namespace, name: $0) }
        var table: Value?
        var rows: [Value] = []
        do {
            let version = try await client.readPages(
                of: named ?? client.path(target.kind, namespace: namespace(of: target)),
                [("labelSelector", selector), ("fieldSelector", fieldSelector)],
                accept: tableAccept
            ) { page in
                table = table ?? page
                rows += page["rows"]?.array ?? []
            }
            table?["rows"] = .array(rows)
            return table.map { ($0, version) }
        } catch let failure as CommandFailure where failure.reason == "NotFound" && ignoreNotFound {
            return nil
        }
    }
}

private let tableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

extension String {
    var trimmingLastNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
