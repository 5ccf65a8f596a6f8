/// The spec of a Fleet: the bounds of all runtimes of an installation.
package struct FleetSpec: Sendable, Hashable, Codable {
    package var maxRuntimes: Int
    package var maxTasks: Int?
    package var starvationAfter: String
    package var hungAfter: String
    package var bootDeadline: String
}
