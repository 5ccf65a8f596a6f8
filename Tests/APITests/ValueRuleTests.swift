import Domain
import HTTPTypes
import Testing

@testable import API

@Suite struct AcceptTests {
    @Test func `ranges are ordered by quality and then as they come`() {
        let accept = Accept("text/html;q=0.5, application/json;as=Table;v=v1 , */*;q=0, application/yaml")
        #expect(accept.ranges.map(\.type) == ["application/json", "application/yaml", "text/html"])
        #expect(accept.ranges.first?.parameters == ["as": "Table", "v": "v1"])
        #expect(Accept("").ranges.isEmpty)
    }
}

@Suite struct LabelSelectorTests {
    @Test func `all forms are read`() throws {
        let requirements = try labelRequirements("a=1, b == 2,c!=3,d in (x, y),e notin (z),f,!g/h, ! i")
        #expect(
            requirements == [
                LabelRequirement(key: "a", operation: .isIn, values: ["1"]),
                LabelRequirement(key: "b", operation: .isIn, values: ["2"]),
                LabelRequirement(key: "c", operation: .isNotIn, values: ["3"]),
                LabelRequirement(key: "d", operation: .isIn, values: ["x", "y"]),
                LabelRequirement(key: "e", operation: .isNotIn, values: ["z"]),
                LabelRequirement(key: "f", operation: .exists, values: []),
                LabelRequirement(key: "g/h", operation: .isAbsent, values: []),
                LabelRequirement(key: "i", operation: .isAbsent, values: []),
            ]
        )
        #expect(try labelRequirements("").isEmpty)
        #expect(try labelRequirements("a=").map(\.values) == [[""]])
    }

    @Test(arguments: ["a b", "a in x", "a in (", "=1", "a>1", "a in (x;y)", "!", "in (x)", "a=b=c", "ü=1"])
    func `anything else is refused`(selector: String) {
        #expect(throws: Refusal.self) { try labelRequirements(selector) }
    }
}

@Suite struct WatchFrameTests {
    private let query = ObjectQuery(
        kind: "Task",
        namespace: nil,
        labels: [LabelRequirement(key: "a", operation: .isIn, values: ["1"])]
    )

    @Test(
        arguments: [
            (Change.Act.put, nil, ["a": "1"], WatchFrame.Kind.added),
            (.put, ["a": "1"], ["a": "1"], .modified),
            (.put, ["a": "2"], ["a": "1"], .added), (.put, ["a": "1"], ["a": "2"], .deleted),
            (.put, ["a": "2"], ["a": "2"], nil), (.put, nil, [:], nil),
            (.removed, ["a": "1"], ["a": "1"], .deleted),
            (.removed, ["a": "2"], ["a": "2"], nil), (.removed, nil, ["a": "1"], .deleted),
        ] as [(Change.Act, [String: String]?, [String: String], WatchFrame.Kind?)]
    )
    func `a watcher sees an object enter, change and leave its selector`(
        act: Change.Act,
        before: [String: String]?,
        labels: [String: String],
        expected: WatchFrame.Kind?
    ) {
        var metadata = Metadata(name: "t", namespace: "default")
        metadata.labels = labels
        let change = Change(
            position: Position(1),
            act: act,
            object: Object(kind: "Task", metadata: metadata),
            labelsBefore: before
        )
        #expect(watchFrameKind(change, query) == expected)
    }
}

@Suite struct QueryTests {
    @Test(arguments: [
        ("%41%2f%2F", "A//"), ("%C3%A4", "ä"), ("%+f%-0", "%+f%-0"), ("%4", "%4"), ("%", "%"), ("%zz", "%zz"),
        ("a+b", "a+b"),
    ])
    func `escapes are two hexadecimal digits, and what is none stays`(text: String, expected: String) {
        #expect(percentDecoded(text) == expected)
    }

    @Test func `an empty value is none, but is there`() {
        let query = Query("a=&b&c=1+2&a=2")
        #expect(query["a"] == "2" && query["b"] == nil && query["c"] == "1 2")
        #expect(query.given("a") == "" && query.given("b") == "" && query.given("d") == nil)
    }
}

@Suite struct RouteTests {
    @Test func `patterns match whole paths, decode names and ignore trailing slashes`() {
        let pattern = RoutePattern("/apis/{plural}/{name}")
        #expect(
            pattern.match("/apis/roles/a%2Fb/".split(separator: "/")) == ["plural": "roles", "name": "a/b"]
        )
        #expect(pattern.match("/apis/roles".split(separator: "/")) == nil)
        #expect(pattern.match("/api/roles/x".split(separator: "/")) == nil)
    }

    @Test func `queries keep empty, repeated and encoded values apart`() throws {
        let query = Query("a=&b=x%20y+z&b=2&watch&c=%zz&flag=false&n=07")
        #expect(query["a"] == nil)
        #expect(query["b"] == "x y z")
        #expect(query.flag("watch"))
        #expect(!query.flag("flag") && !query.flag("missing"))
        #expect(query["c"] == "%zz")
        #expect(try query.number("n") == 7)
        #expect(throws: Refusal.self) { try query.number("b") }
    }
}

@Suite struct TableTests {
    @Test func `cells follow keys, indices and condition types`() {
        let object: Value = [
            "metadata": ["name": "a"], "spec": ["list": ["x", "y"], "deep": ["k": 1]],
            "status": ["at": "2027-01-15T07:58:20Z", "conditions": [["type": "Ready", "status": "True"]]],
        ]
        let columns = [
            TableColumn(title: "L", path: ["spec", "list"]),
            TableColumn(title: "I", path: ["spec", "list", "1"]),
            TableColumn(title: "D", path: ["spec", "deep"]),
            TableColumn(title: "N", path: ["spec", "deep", "k"]),
            TableColumn(title: "C", path: ["status", "conditions", "Ready", "status"]),
            TableColumn(title: "X", path: ["spec", "list", "9"]),
            TableColumn(title: "T", path: ["status", "at"], type: "date"),
        ]
        let cells = tableCells(object, columns, now: Timestamp(microseconds: 1_800_000_000_000_000))
        #expect(cells == ["a", "x,y", "y", "{\"k\":1}", 1, "True", "<none>", "100s", "<unknown>"])
    }

    @Test func `a cell of an object that has nothing there shows what stands at its other path`() {
        var column = TableColumn(title: "S", path: ["status", "stage"])
        let none: Value = ["metadata": ["name": "a"], "spec": ["stage": "declared"]]
        let live: Value = none.merging(["status": ["stage": "live"]])
        let null: Value = ["metadata": ["name": "a"], "status": ["stage": .null]]
        let now = Timestamp(microseconds: 0)
        func cell(_ object: Value) -> Value { tableCells(object, [column], now: now)[1] }
        #expect([none, live, null].map(cell) == ["<none>", "live", "<none>"])
        column.otherPath = ["spec", "stage"]
        #expect([none, live, null].map(cell) == ["declared", "live", "<none>"])
    }
}
