import Domain
package import Outbound

/// A command that could not be done, as it is told to a person.
package struct CommandFailure: Error, Sendable, CustomStringConvertible {
    /// Kubernetes' reason, such as `NotFound`, when the server said so.
    package let reason: String?
    package let message: String
    package let exitCode: Int32
    /// Whether the server refused a change because the object is no longer the one that was read.
    package let isStale: Bool

    /// A failure of the command itself.
    package init(_ message: String, reason: String? = nil, exitCode: Int32 = 1, isStale: Bool = false) {
        self.message = message
        self.reason = reason
        self.exitCode = exitCode
        self.isStale = isStale
    }

    /// A failure of a server that does not answer.
    package init(_ error: OutboundError, exitCode: Int32 = 1) {
        self.init(
            "agirunnerd does not answer: \(error.message)\nstart it with 'agirunner up', or name its state "
                + "folder with --state",
            exitCode: exitCode
        )
    }

    /// A failure from a `Status` object, or from a problem document.
    package init(_ answer: ControlClient.Answer) {
        // An answer that is no JSON comes from something that is not our server.
        let body = (try? Value(json: answer.body)) ?? .null
        let reason = body["reason"]?.string ?? "HTTP \(answer.status)"
        let message =
            body["message"]?.string ?? body["detail"]?.string ?? body["title"]?.string ?? "no explanation"
        let list = body.at("details", "causes")?.array ?? []
        let causes = list.compactMap { cause -> String? in
            guard let text = cause["message"]?.string, !message.contains(text) else { return nil }
            return "\n  \(cause["field"]?.string.map { "\($0): " } ?? "")\(text)"
        }
        self.init(
            "Error from server (\(reason)): \(message)\(causes.joined())",
            reason: reason,
            isStale: list.contains { $0["reason"] == "stale" }
        )
    }

    package var description: String {
        printableLines(message.hasPrefix("Error from server") ? message : "error: \(message)")
    }
}
