/// The spec of a WorkItem: a piece of work that an ongoing run is given.
///
/// The items that controllers make for the stages of a run have none: all they are is their status.
package struct WorkItemSpec: Sendable, Hashable, Codable {
    package var workflowRef: String
    package var stage: String
    package var title: String
    package var goal: String
    package var acceptance: String
    package var role: String?
    package var priority: Int
    /// The declared item that it is a part of.
    package var parentRef: String?
}
