import Domain
import Support
import Testing

@Suite struct FieldSetTests {
    private let role: Value = [
        "metadata": ["labels": ["team": "red"]],
        "spec": ["goal": "g", "tools": ["a", "b"], "loop": ["max": 3]],
    ]

    @Test func `a mapping is what is in it, and a list is one field`() {
        let set = FieldSet(of: role)
        #expect(set.paths == ["metadata.labels.team", "spec.goal", "spec.loop.max", "spec.tools"])
        #expect(set.fieldsV1.at("f:spec", "f:loop", "f:max") == [:])
        #expect(FieldSet(of: ["spec": [:]]).isEmpty && FieldSet(of: ["spec": ["x": .null]]).isEmpty)
    }

    @Test func `a member is called as it is, also when its name joins what stands before it`() {
        let value: Value = ["spec": ["\u{301}x": 1]]
        let set = FieldSet(of: value)
        #expect(set.paths.map { Array($0.unicodeScalars) } == [Array("spec.\u{301}x".unicodeScalars)])
        #expect(set.copied(from: value, into: [:]).canonicalJSON == value.canonicalJSON)
    }

    @Test func `sets are united, subtracted and intersected`() {
        let one = FieldSet(of: ["spec": ["a": 1, "b": ["c": 1]]])
        let other = FieldSet(of: ["spec": ["b": ["c": 1, "d": 1]]])
        #expect(one.union(other).paths == ["spec.a", "spec.b.c", "spec.b.d"])
        #expect(one.subtracting(other).paths == ["spec.a"])
        #expect(one.intersection(other).paths == ["spec.b.c"])
        #expect(one.intersection(FieldSet(of: ["spec": ["b": "a text"]])).paths == ["spec.b"])
        #expect(one.below("spec", "b").paths == ["c"] && one.below("status").isEmpty)
    }

    @Test func `what two values differ in is told whichever has it`() {
        var changed = role
        changed["spec"]?["goal"] = "h"
        changed["spec"]?["loop"] = nil
        changed["metadata"]?["labels"] = ["team": "red", "tier": "one"]
        let paths = ["metadata.labels.tier", "spec.goal", "spec.loop.max"]
        #expect(FieldSet(differing: role, changed).paths == paths)
        #expect(FieldSet(differing: changed, role).paths == paths)
        #expect(FieldSet(differing: role, role).isEmpty)
    }

    @Test(arguments: 0..<300)
    func `copying what differs makes one value the other, and no other field moves`(round: Int) {
        var generator = SeededGenerator(seed: UInt64(round) * 7919 + 1)
        let (one, other) = (mapping(3, &generator), mapping(3, &generator))
        let differing = FieldSet(differing: one, other)
        let copied = differing.copied(from: other, into: one)
        #expect(FieldSet(differing: copied, other).isEmpty, "\(one.canonicalJSON) \(other.canonicalJSON)")
        let (left, right) = (FieldSet(of: one), FieldSet(of: other))
        #expect(left.subtracting(right).intersection(right).isEmpty)
        #expect(left.union(right).subtracting(right).subtracting(left).isEmpty)
    }

    private func mapping(_ depth: Int, _ generator: inout SeededGenerator) -> Value {
        var members: [String: Value] = [:]
        for name in ["a", "b", "c"] where Bool.random(using: &generator) {
            let isDeep = depth > 0 && Bool.random(using: &generator)
            members[name] =
                isDeep ? mapping(depth - 1, &generator) : .integer(.random(in: 0...2, using: &generator))
        }
        return .object(members)
    }
}
