package import Secrets
internal import Synchronization

/// The secrets that no log line may carry; shared by all loggers of a program, and able to learn new ones.
package final class LogRedaction: Sendable {
    private let redactor: Mutex<Redactor>

    /// A redaction that knows these secrets from the beginning.
    package init(_ redactor: Redactor = Redactor()) { self.redactor = Mutex(redactor) }

    /// Adds a secret; lines that are written from now on do not carry it.
    package func register(_ secret: SecretText) { redactor.withLock { _ = $0.register(secret) } }

    /// The text without registered secrets; one that looks like an unknown credential is blotted out whole.
    package func redact(_ text: String) -> String {
        let redactor = redactor.withLock { $0 }
        return looksLikeCredential(text) == nil ? redactor.redact(text) : redactionMark
    }
}
