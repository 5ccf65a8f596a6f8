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
        environment.output(try explanation().trimmingLastNewline)
    }

    private func explanation() throws -> String {
        switch (subject, code) {
        case ("code", let code?): return try explanation(ofCode: code)
        case ("reason", let code?): return try explanation(ofReason: code)
        case ("code", nil): throw CommandFailure("a code is missing, as in 'explain code REF003'")
        case ("reason", nil): throw CommandFailure("a reason is missing, as in 'explain reason head_moved'")
        case (_, let word?): throw CommandFailure("a field is one word with dots; '\(word)' is too much")
        case (_, nil): return try explanationOfField()
        }
    }

    private func explanation(ofCode code: String) throws -> String {
        guard let text = Catalog.explain(code: code.uppercased()) else {
            throw CommandFailure("there is no diagnostic code '\(code)'")
        }
        return text
    }

    private func explanation(ofReason code: String) throws -> String {
        guard let reason = ReasonCode(rawValue: code) else {
            let near = nearestName(to: code, among: ReasonCode.allCases.map(\.rawValue))
            throw CommandFailure(
                "there is no reason '\(code)'" + (near.map { "; did you mean '\($0)'?" } ?? "")
            )
        }
        return "\(reason.rawValue): \(reason.explanation)"
    }

    private func explanationOfField() throws -> String {
        let parts = subject.split(separator: ".").map(String.init)
        let kind = try Target(parts.first ?? subject).kind
        guard Catalog.explain(kind: kind.name) != nil else {
            throw CommandFailure(
                "a \(kind.name) is not declared in files; "
                    + "'agirunner get \(kind.plural) -o yaml' shows its fields"
            )
        }
        guard let text = Catalog.explain(kind: kind.name, path: Array(parts.dropFirst())) else {
            throw CommandFailure("there is no field '\(subject)'; \(hint(kind, parts))")
        }
        return text
    }

    /// The nearest field, or how to find it.
    private func hint(_ kind: Kind, _ parts: [String]) -> String {
        let known = fieldNames(kind: kind.name, path: Array(parts.dropFirst().dropLast()))
        guard let near = nearestName(to: parts.last ?? "", among: known) else {
            return "leave its last part out to see what there is"
        }
        return "did you mean '\((parts.dropLast() + [near]).joined(separator: "."))'?"
    }
}
