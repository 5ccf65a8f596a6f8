/// The spec of a Skill: a text that makes a role better at something.
package struct SkillSpec: Sendable, Hashable, Codable {
    package enum Delivery: String, Sendable, Codable { case inline, onDemand }

    package var displayName: String
    package var summary: String
    package var body: String
    package var delivery: Delivery
}
