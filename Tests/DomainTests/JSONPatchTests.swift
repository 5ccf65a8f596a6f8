import Domain
import Support
import Testing

@Suite struct JSONPatchTests {
    private func patched(_ value: Value, _ patch: Value) throws -> Value {
        try JSONPatch(patch).applied(to: value)
    }

    /// The examples of RFC 6902, appendix A, that change something.
    @Test(
        arguments: [
            (["foo": "bar"], [["op": "add", "path": "/baz", "value": "qux"]], ["baz": "qux", "foo": "bar"]),
            (
                ["foo": ["bar", "baz"]], [["op": "add", "path": "/foo/1", "value": "qux"]],
                ["foo": ["bar", "qux", "baz"]]
            ),
            (["baz": "qux", "foo": "bar"], [["op": "remove", "path": "/baz"]], ["foo": "bar"]),
            (
                ["foo": ["bar", "qux", "baz"]], [["op": "remove", "path": "/foo/1"]], ["foo": ["bar", "baz"]]
            ),
            (
                ["baz": "qux", "foo": "bar"], [["op": "replace", "path": "/baz", "value": "boo"]],
                ["baz": "boo", "foo": "bar"]
            ),
            (
                ["foo": ["bar": "baz", "waldo": "fred"], "qux": ["corge": "grault"]],
                [["op": "move", "from": "/foo/waldo", "path": "/qux/thud"]],
                ["foo": ["bar": "baz"], "qux": ["corge": "grault", "thud": "fred"]]
            ),
            (
                ["foo": ["all", "grass", "cows", "eat"]],
                [["op": "move", "from": "/foo/1", "path": "/foo/3"]],
                ["foo": ["all", "cows", "eat", "grass"]]
            ),
            (
                ["foo": "bar"], [["op": "add", "path": "/child", "value": ["grandchild": [:]]]],
                ["foo": "bar", "child": ["grandchild": [:]]]
            ),
            (
                ["foo": "bar"], [["op": "add", "path": "/baz", "value": "qux", "xyz": 123]],
                ["foo": "bar", "baz": "qux"]
            ),
            (["/": 9, "~1": 10], [["op": "test", "path": "/~01", "value": 10]], ["/": 9, "~1": 10]),
            (
                ["foo": ["bar"]], [["op": "add", "path": "/foo/-", "value": ["abc", "def"]]],
                ["foo": ["bar", ["abc", "def"]]]
            ),
            (["a": 1], [["op": "copy", "from": "/a", "path": "/b"]], ["a": 1, "b": 1]),
            (["a": 1], [["op": "replace", "path": "", "value": [1]]], [1]),
            (["a": .null], [["op": "remove", "path": "/a"]], [:]),
        ] as [(Value, Value, Value)]
    )
    func `a patch changes what it says`(value: Value, patch: Value, expected: Value) throws {
        #expect(try patched(value, patch) == expected)
    }

    @Test(
        arguments: [
            [["op": "test", "path": "/baz", "value": "bar"]],
            [["op": "add", "path": "/no/bat", "value": "qux"]],
            [["op": "test", "path": "/list/0", "value": "2"]], [["op": "remove", "path": "/list/2"]],
            [["op": "remove", "path": "/list/-"]], [["op": "add", "path": "/list/3", "value": 1]],
            [["op": "add", "path": "/list/01", "value": 1]], [["op": "replace", "path": "/new", "value": 1]],
            [["op": "remove", "path": ""]], [["op": "copy", "from": "/new", "path": "/b"]],
            [["op": "add", "path": "/foo/x", "value": 1]],
            [["op": "add", "path": "/list/99999999999999999999", "value": 1]],
        ] as [Value]
    )
    func `a patch that does not fit is refused`(patch: Value) throws {
        let read = try JSONPatch(patch)
        let error = #expect(throws: JSONPatchError.self) {
            try read.applied(to: ["baz": "qux", "foo": "bar", "list": [1, 2]])
        }
        guard case .inapplicable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        arguments: [
            [:], 1, [1], [["op": "add", "path": "/a"]], [["op": "add", "path": "a", "value": 1]],
            [["op": "spam", "path": "/a"]], [["path": "/a"]], [["op": "move", "path": "/a/b", "from": "/a"]],
            [["op": "copy", "path": "/a"]],
            .array(Array(repeating: ["op": "remove", "path": "/a"], count: 1001)),
            [["op": "remove", "path": .string(String(repeating: "/a", count: 200))]],
        ] as [Value]
    )
    func `what is no patch is refused`(patch: Value) {
        let error = #expect(throws: JSONPatchError.self) { try JSONPatch(patch) }
        guard case .malformed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a short patch makes nothing large or deep`() throws {
        let doubling = (0..<60).map { index -> Value in
            ["op": "copy", "from": "", "path": .string("/a\(index)")]
        }
        #expect(throws: JSONPatchError.self) { try patched(["a": 1], .array(doubling)) }
        let deep = Value.array((0..<300).map { _ in ["op": "copy", "from": "", "path": "/a"] })
        #expect(throws: JSONPatchError.self) { try patched(["a": 1], deep) }
    }

    @Test func `a replacement of everything is what a merge patch makes, too`() throws {
        var mutator = Mutator(Fuzzing.generator(), corpus: [])
        for round in 0..<Fuzzing.rounds(500) {
            let keys = ["a", "b", "/", "/\u{301}", "~", "~1", "~1\u{301}", "", "-"]
            var old: [String: Value] = [:]
            var new: [String: Value] = [:]
            for key in keys {
                old[key] = mutator.pick([nil, 1, ["x": 1], [1, 2]] as [Value?]) ?? nil
                new[key] = mutator.pick([nil, 1, ["x": 2], [2]] as [Value?]) ?? nil
            }
            let operations = keys.compactMap { key -> Value? in
                let escaped = key.unicodeScalars.map { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) }
                let path = "/" + escaped.joined()
                return switch (old[key], new[key]) {
                case (nil, nil): nil
                case (_?, nil): ["op": "remove", "path": .string(path)]
                case (_, let value?): ["op": "add", "path": .string(path), "value": value]
                }
            }
            #expect(try patched(.object(old), .array(operations)) == .object(new), "round \(round)")
        }
    }
}
