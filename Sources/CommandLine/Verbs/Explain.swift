package import ArgumentParser
import Catalog
import Domain
import Workflows

/// `agirunner explain`.
package struct Explain: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Explain a kind, a field, a diagnostic or a reason.",
        discussion:
            "Examples: explain playbook.spec.stages · explain code REF003 · explain reason digest_mismatch"
    )

    @Argument(help: "KIND[.path], or the words 'code' or 'reason'.") var subject: String
    @Argument(help: "The code or reason.") var code: String?

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        guard let text = try explanation() else {
            throw CommandFailure("there is no field '\(subject)'; \(try hint())")
        }
        environment.output(text.trimmingLastNewline)
    }

    /// The nearest field, or how to find it.
    private func hint() throws -> String {
        let parts = subject.split(separator: ".").map(String.init)
        let kind = try Target(parts.first ?? subject).kind
        let path = Array(parts.dropFirst())
        let known = fieldNames(kind: kind.name, path: path.dropLast())
        guard let near = nearestName(to: path.last ?? "", among: known) else {
            return "leave its last part out to see what there is"
        }
        return "did you mean '\((parts.dropLast() + [near]).joined(separator: "."))'?"
    }

    private func explanation() throws -> String? {
        if subject == "code", let code {
            guard let text = Catalog.explain(code: code.uppercased()) else {
                throw CommandFailure("there is no diagnostic code '\(code)'")
            }
            return text
        }
        if subject == "reason", let code {
            guard let reason = ReasonCode(rawValue: code) else {
                let near = nearestName(to: code, among: ReasonCode.allCases.map(\.rawValue))
                throw CommandFailure(
                    "there is no reason '\(code)'" + (near.map { "; did you mean '\($0)'?" } ?? "")
                )
            }
            return "\(reason.rawValue): \(reason.explanation)"
        }
        let parts = subject.split(separator: ".").map(String.init)
        let kind = try Target(parts.first ?? subject).kind
        return Catalog.explain(kind: kind.name, path: Array(parts.dropFirst()))
    }
}

/// `agirunner api-resources`.
package struct APIResources: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "api-resources",
        abstract: "List the kinds."
    )

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        var table = TableText(["Name", "Shortnames", "APIVersion", "Namespaced", "Declared", "Kind"])
        for kind in Kind.all {
            table.add([
                kind.plural, kind.shortNames.joined(separator: ","), Kind.apiVersion, "\(kind.isNamespaced)",
                "\(kind.isDeclared)", kind.name,
            ])
        }
        for line in table.lines() { environment.output(line) }
    }
}

/// `agirunner reconcile`.
package struct Reconcile: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(abstract: "Look at a source now.")

    @OptionGroup var connection: ConnectionOptions
    @Argument(help: "gitsource/NAME.") var target: String

    /// A command to be filled by the parser.
    package init() {}

    package func run() async throws {
        let environment = try CommandEnvironment.required()
        let client = try connection.client()
        let target = try Target(self.target)
        guard target.kind.name == "GitSource" else {
            throw CommandFailure("only a gitsource can be reconciled")
        }
        let path = client.path(target.kind, namespace: nil, name: try target.required())
        let annotations: Value = [GitSourceSpec.reconcileAt: .string(environment.now().description)]
        try await client.request(
            "PATCH",
            path,
            ["metadata": ["annotations": annotations]],
            type: "application/merge-patch+json"
        )
        environment.output(
            "\(target.kind.singular).\(Kind.group)/\(try target.required()) reconciliation requested"
        )
    }
}
