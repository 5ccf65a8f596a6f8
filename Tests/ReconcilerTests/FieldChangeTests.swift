import Domain
import Reconciler
import Support
import Testing

@Suite struct FieldChangeTests {
    private func object(_ spec: Value, labels: [String: String]? = nil) -> Object {
        var metadata = Metadata(name: "x", namespace: "default")
        metadata.labels = labels
        return Object(kind: "Playbook", metadata: metadata, spec: spec)
    }

    private func changes(
        _ old: Value,
        _ new: Value,
        places: [String: TextPosition] = [:],
        _ adjust: (inout FieldComparison) -> Void = { _ in }
    ) -> [FieldChange] {
        var comparison = FieldComparison { $0.contains("ghp_") }
        adjust(&comparison)
        return comparison.changes(from: object(old), to: object(new), places: places).changes
    }

    /// A change as `act path old new`.
    private func told(_ old: Value, _ new: Value) -> [String] {
        changes(old, new).map { change in
            [
                change.act.rawValue, change.path, change.old.map(\.canonicalJSON) ?? "-",
                change.new.map(\.canonicalJSON) ?? "-",
            ].joined(separator: " ")
        }
    }

    @Test func `equal objects have no changes`() {
        let spec: Value = ["stages": [["name": "a", "goal": "g"]], "n": 1]
        #expect(told(spec, spec) == [])
    }

    @Test func `a field is added, removed or changed, however deep it is`() {
        #expect(
            told(["a": ["b": 1, "c": 2], "d": true], ["a": ["b": 3, "e": "x"], "d": true])
                == ["changed spec.a.b 1 3", "removed spec.a.c 2 -", "added spec.a.e - \"x\""]
        )
        #expect(told(["a": 1], ["a": "1"]) == ["changed spec.a 1 \"1\""])
    }

    @Test func `elements with names are compared by name, wherever they stand`() {
        let old: Value = ["stages": [["name": "a", "goal": "1"], ["name": "b", "goal": "2"]]]
        let new: Value = ["stages": [["name": "new", "goal": "0"], ["name": "b", "goal": "3"]]]
        #expect(
            told(old, new) == [
                "added spec.stages[new] - {\"goal\":\"0\",\"name\":\"new\"}",
                "changed spec.stages[b].goal \"2\" \"3\"",
                "removed spec.stages[a] {\"goal\":\"1\",\"name\":\"a\"} -",
            ]
        )
    }

    @Test func `the order of names matters, and is one change`() {
        #expect(
            told(["roles": ["a", "b", "c"]], ["roles": ["c", "a", "d"]]) == [
                "added spec.roles[d] - \"d\"", "removed spec.roles[b] \"b\" -",
                "reordered spec.roles [\"a\",\"c\"] [\"c\",\"a\"]",
            ]
        )
    }

    @Test func `elements without names of their own are compared by index`() {
        #expect(
            told(["setup": ["make all", "make test"]], ["setup": ["make all", "make lint", "x"]]) == [
                "changed spec.setup[1] \"make test\" \"make lint\"", "added spec.setup[2] - \"x\"",
            ]
        )
        let twice: Value = ["l": [["name": "a"], ["name": "a"]]]
        #expect(told(twice, ["l": [["name": "a"]]]) == ["removed spec.l[1] {\"name\":\"a\"} -"])
    }

    @Test func `labels and annotations are fields as well`() {
        let comparison = FieldComparison { _ in false }
        let (found, hidden) = comparison.changes(
            from: object([:], labels: ["tier": "one"]),
            to: object([:], labels: ["tier": "two", "a": "b"])
        )
        #expect(found.map(\.path) == ["metadata.labels.a", "metadata.labels.tier"] && hidden == 0)
    }

    @Test func `a text of several lines is told by the lines that differ`() {
        let old = (1...40).map { "line \($0)" }.joined(separator: "\n")
        let new = old.replacing("line 7\n", with: "").replacing("line 9\n", with: "line nine\n")
        let change = changes(["prompt": .string(old)], ["prompt": .string(new)])[0]
        #expect(change.old == nil && change.new == nil)
        #expect(change.lines?.first == 7)
        #expect(change.lines?.removed == ["line 7", "line 8", "line 9"])
        #expect(change.lines?.added == ["line 8", "line nine"])
        let whole = changes(["prompt": .string(old)], ["prompt": "x"]) { $0.lineLimit = 3 }[0]
        #expect(whole.lines?.removed.count == 3 && whole.lines?.hidden == 37)
        let grown = changes(["prompt": "a\nb"], ["prompt": "a\nb\n"])[0]
        #expect(grown.lines?.added == [""] && grown.lines?.removed == [])
    }

    @Test func `what is secret by its name or its look is masked, and an amount or a reference is not`() {
        let old: Value = [
            "apiToken": "one", "tokensPerTask": 5, "secretRef": "vault", "url": "ghp_1",
            "env": [["name": "DB_PASSWORD", "value": "one"], ["name": "HOME", "value": "/a"]],
        ]
        let new: Value = [
            "apiToken": "two", "tokensPerTask": 6, "secretRef": "other", "url": "ghp_2",
            "env": [
                ["name": "DB_PASSWORD", "value": "two"], ["name": "HOME", "value": "/b"],
                ["name": "api-key", "value": "three"],
            ],
        ]
        let mask = "\"•••\""
        #expect(
            told(old, new) == [
                "changed spec.apiToken \(mask) \(mask)",
                "changed spec.env[DB_PASSWORD].value \(mask) \(mask)",
                "changed spec.env[HOME].value \"/a\" \"/b\"",
                "added spec.env[api-key] - {\"name\":\"api-key\",\"value\":\(mask)}",
                "changed spec.secretRef \"vault\" \"other\"", "changed spec.tokensPerTask 5 6",
                "changed spec.url \(mask) \(mask)",
            ]
        )
        let lines = changes(["prompt": "a\nghp_x\nb"], ["prompt": "a\nb"])[0].lines
        #expect(lines?.removed == ["•••"])
    }

    @Test func `whatever differs, what is told is bounded`() {
        let long = String(repeating: "x", count: 5000)
        let cut = changes(["a": .string(long)], ["a": 1])[0].old?.string
        #expect(cut == String(repeating: "x", count: 200) + "… (4800 more characters)")
        let list = Value.array((0..<500).map { .string("element \($0)") })
        #expect((changes([:], ["a": list])[0].new?.string ?? "").count < 300)
        let many = Value.object(Dictionary(uniqueKeysWithValues: (0..<500).map { ("k\($0)", 1) }))
        let comparison = FieldComparison { _ in false }
        let (found, hidden) = comparison.changes(from: object([:]), to: object(many))
        #expect(found.count == 100 && hidden == 400)
    }

    @Test func `a change stands where its field does, else where the nearest field around it does`() {
        func at(_ line: Int) -> TextPosition { TextPosition(line: line, column: 1) }
        let found = changes(
            ["stages": [["name": "x"], ["name": "y", "goal": "1"]], "b": 1],
            ["stages": [["name": "y", "goal": "2"], ["name": "y2", "goal": "2"]], "b": 2, "default": 3],
            places: [
                "spec": at(5), "spec.stages": at(9), "spec.stages[0]": at(19), "spec.stages[0].goal": at(20),
                "spec.stages[1]": at(22), "spec.b": at(6),
            ]
        )
        #expect(
            found.map { "\($0.path) \($0.position?.line ?? 0)" } == [
                "spec.default 5", "spec.b 6", "spec.stages[x] 9", "spec.stages[y].goal 20",
                "spec.stages[y2] 22",
            ]
        )
    }

    @Test func `for random values, nothing differs from itself, and swapping the two swaps the acts`() {
        var random = SeededGenerator(seed: .random(in: .min ... .max))
        for _ in 0..<300 {
            let old = value(depth: 3, &random)
            let new = value(depth: 3, &random)
            let (there, back) = (changes(["v": old], ["v": new]), changes(["v": new], ["v": old]))
            #expect(changes(["v": old], ["v": old]).isEmpty)
            #expect(there.isEmpty == (old == new), "seed \(random.seed)")
            func paths(_ changes: [FieldChange], _ act: FieldChange.Act) -> Set<String> {
                Set(changes.filter { $0.act == act }.map(\.path))
            }
            #expect(paths(there, .added) == paths(back, .removed), "seed \(random.seed)")
            #expect(paths(there, .changed) == paths(back, .changed), "seed \(random.seed)")
        }
    }

    private func value(depth: Int, _ random: inout SeededGenerator) -> Value {
        switch Int.random(in: 0..<(depth > 0 ? 5 : 3), using: &random) {
        case 0: return .integer(.random(in: 0..<3, using: &random))
        case 1: return .string(["a", "b", "two\nlines"].randomElement(using: &random) ?? "")
        case 2: return .bool(.random(using: &random))
        case 3:
            let count = Int.random(in: 0..<4, using: &random)
            let isNamed = Bool.random(using: &random)
            return .array(
                (0..<count).map { index in
                    guard isNamed else { return value(depth: depth - 1, &random) }
                    return ["name": .string("n\(index)"), "v": value(depth: depth - 1, &random)]
                }
            )
        default:
            let keys = ["k", "l", "m"].filter { _ in Bool.random(using: &random) }
            return .object(
                Dictionary(uniqueKeysWithValues: keys.map { ($0, value(depth: depth - 1, &random)) })
            )
        }
    }
}
