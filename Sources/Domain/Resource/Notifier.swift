/// The spec of a Notifier: who outside is told of events.
package struct NotifierSpec: Sendable, Hashable, Codable {
    package enum Channel: String, Sendable, Codable { case webhook, slack, github }

    /// What is told of; what is empty makes no difference.
    package struct Selector: Sendable, Hashable, Codable {
        package var kinds: [String]
        package var labels: [String: String]
    }

    package var type: Channel
    /// Types of events, in which a star is any run of characters; empty means all.
    package var events: [String]
    package var selector: Selector
    package var secretRef: SecretReference?
    package var url: String?
}
