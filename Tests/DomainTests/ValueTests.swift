import Domain
import Testing

@Suite struct ValueTests {
    @Test func `canonical JSON sorts keys and reads back`() throws {
        let value: Value = ["b": [1, true, .null], "a": "x\"\n", "c": .number(1.5)]
        #expect(value.canonicalJSON == #"{"a":"x\"\n","b":[1,true,null],"c":1.5}"#)
        #expect(try Value(json: value.canonicalJSON) == value)
    }

    @Test func `a merge patch turns the old value into the new one`() throws {
        let old: Value = ["a": 1, "b": ["c": 2, "d": 3]]
        let new: Value = ["b": ["c": 4], "e": [1]]
        #expect(old.merging(new.mergePatch(from: old)) == new)
    }

    @Test func `codable types survive the way there and back`() throws {
        struct Inner: Codable, Equatable {
            var moment: Timestamp
            var cost: USD
        }
        struct Outer: Codable, Equatable {
            var name: String
            var count: Int32
            var nothing: String?
            var inner: [String: Inner]
            var list: [Value]
        }
        let moment = try #require(Timestamp("2026-11-22T09:10:02.000123Z"))
        let cost = try #require(USD("2.05"))
        let outer = Outer(
            name: "x",
            count: 7,
            nothing: nil,
            inner: ["k": Inner(moment: moment, cost: cost)],
            list: [1, ["a": .null]]
        )
        let value = try Value(encoding: outer)
        #expect(value["nothing"] == nil)
        #expect(value.at("inner", "k", "cost") == "2.05")
        #expect(try value.decode(Outer.self) == outer)
    }
}
