import Domain
import Testing

@testable import Runtime

@Suite struct ScriptedModelTests {
    private func transcript(_ brief: String = "brief") -> Transcript {
        Transcript(system: "system", tools: [], brief: brief)
    }

    private func model(_ scenes: Value) throws -> Model {
        let screenplay: Screenplay = try (["scenes": scenes, "usage": "bytes"] as Value).decode()
        return .scripted(screenplay, for: try makeContract().identity)
    }

    private func scene(_ turns: Value, departs: Value? = nil) -> Value {
        [.members(["role": "developer", "turns": turns, "departs": departs])]
    }

    @Test func `the scene with the most selectors is played, and only one that fits`() throws {
        let contract = try makeContract { $0["identity"]?["revision"] = 2 }
        func scene(_ selectors: [String: Value], _ say: String) -> Value {
            .object(
                selectors.merging(["role": "developer", "turns": [["say": .string(say), "calls": []]]]) { $1 }
            )
        }
        let all: [(Value, String)] = [
            (scene([:], "any"), "any"), (scene(["stage": "implement"], "stage"), "stage"),
            (scene(["stage": "review", "revision": 2, "attempt": 1], "other stage"), ""),
            (scene(["revision": 3], "other revision"), ""), (scene(["role": "reviewer"], "other role"), ""),
            (scene(["stage": "implement", "revision": 2], "both"), "both"),
            (scene(["stage": "implement", "revision": 2, "attempt": 1, "workflow": "fix"], "all"), "all"),
        ]
        var expected: String?
        for count in 1...all.count {
            let play: Screenplay = try
                (["scenes": .array(all.prefix(count).map(\.0)), "usage": "bytes"] as Value).decode()
            if !all[count - 1].1.isEmpty { expected = all[count - 1].1 }
            #expect(play.scene(for: contract.identity)?.turns.first?.say == expected)
        }
    }

    @Test func `turns are played in order with ids that are always the same`() async throws {
        let model = try model(
            scene([
                [
                    "say": "one",
                    "calls": [
                        ["tool": "grep", "input": ["pattern": "x"]], ["tool": "file_list", "input": [:]],
                    ],
                ],
                ["say": "two", "calls": []],
            ])
        )
        for _ in 0..<2 {
            var shown = transcript()
            let first = try await model.reply(shown)
            #expect(first.text == "one")
            #expect(first.calls.map(\.id) == ["call-1-1", "call-1-2"])
            #expect(first.calls.map(\.name) == ["grep", "file_list"])
            shown.append(.model(text: first.text, calls: first.calls))
            shown.append(.answers([]))
            #expect(try await model.reply(shown).text == "two")
        }
    }

    @Test func `a call that was not shown what the scene expects fails and says both`() async throws {
        let model = try model(
            scene([
                ["say": "run", "calls": [["tool": "shell_exec", "input": ["command": "t"]]]],
                [
                    "seen": ["contains": "FAILED (failures=1)", "tool": "shell_exec"], "say": "reproduced",
                    "calls": [],
                ],
            ])
        )
        var shown = transcript()
        let first = try await model.reply(shown)
        shown.append(.model(text: first.text, calls: first.calls))
        var good = shown
        good.append(.answers([answer("shell_exec", "Ran 2 tests\nFAILED (failures=1)")]))
        #expect(try await model.reply(good).text == "reproduced")
        shown.append(.answers([answer("shell_exec", "Ran 2 tests\nOK")]))
        let failure = try await #require(throws: Failure.self) { try await model.reply(shown) }
        #expect(failure.reason == "screenplay_departed")
        #expect(!failure.isTransient)
        #expect(failure.message.contains("a result of `shell_exec` that contains `FAILED (failures=1)`"))
        #expect(failure.message.contains("Ran 2 tests\nOK"))
    }

    @Test func `everything that seen asks for must hold for what is new`() throws {
        let news: [Transcript.Message] = [
            .user("look again"),
            .answers([
                answer("grep", "calculator.py:4: //"), answer("shell_exec", "exit code: 1", isError: true),
            ]),
        ]
        let table: [(Value, Bool)] = [
            (["contains": "look"], true), (["contains": "calculator"], true), (["contains": "absent"], false),
            (["tool": "grep"], true), (["tool": "file_read"], false),
            (["tool": "grep", "error": true], false),
            (["error": true], true), (["error": true, "contains": "calculator"], false),
            (["tool": "shell_exec", "error": true, "contains": "code: 1"], true),
            (["matches": "look*//*1"], true), (["matches": "*4: ?/", "tool": "grep"], true),
            (["matches": "calculator", "tool": "grep"], false),
            (["tool": "grep", "contains": "look"], false),
        ]
        for (seen, holds) in table {
            #expect(try seen.decode(Screenplay.Seen.self).holds(for: news) == holds, "\(seen.canonicalJSON)")
        }
    }

    @Test func `a scene that departs plays its other turns from there on, and then fails`() async throws {
        let model = try model(
            scene(
                [["say": "one", "calls": []], ["seen": ["contains": "good"], "say": "two", "calls": []]],
                departs: [["say": "instead", "calls": []], ["say": "and on", "calls": []]]
            )
        )
        var shown = transcript()
        shown.append(.model(text: "one", calls: []))
        shown.append(.user("bad"))
        #expect(try await model.reply(shown).text == "instead")
        shown.append(.model(text: "instead", calls: []))
        shown.append(.user("whatever"))
        #expect(try await model.reply(shown).text == "and on")
        shown.append(.model(text: "and on", calls: []))
        shown.append(.user("more"))
        let failure = try await #require(throws: Failure.self) { try await model.reply(shown) }
        #expect(failure.message.contains("past the last turn"))
    }

    @Test func `a call past the last turn or without a scene departs`() async throws {
        let shown = transcript()
        let ended = try await #require(throws: Failure.self) { try await model(scene([])).reply(shown) }
        #expect(ended.reason == "screenplay_departed" && ended.message.contains("past the last turn"))
        let absent = try await #require(throws: Failure.self) { try await model([]).reply(shown) }
        #expect(absent.message.contains("there is no scene for developer/implement"))
    }

    @Test func `tokens are the bytes of the whole prompt and of the reply, a quarter rounded up`()
        async throws
    {
        let tool = ToolDescription(name: "grep", summary: "Sucht", schema: ["b": 1, "a": "ü"])
        // 6 + (4 + 5 + {"a":"ü","b":1} = 16) + "Wörk" 5 = 36 bytes.
        var shown = Transcript(system: "system", tools: [tool], brief: "Wörk")
        #expect(shown.byteCount == 36)
        let input: Value = ["pattern": "x"]
        let model = try model(
            scene([
                ["say": "späh", "calls": [["tool": "grep", "input": input]]], ["say": "", "calls": []],
            ])
        )
        let turn = try await model.reply(shown)
        // "späh" 5 + "grep" 4 + {"pattern":"x"} 15 = 24 bytes.
        #expect(turn.tokens == TokenCount(input: 9, output: 6))
        shown.append(.model(text: turn.text, calls: turn.calls))
        shown.append(.answers([answer("grep", "a:1:x")]))
        // 36 + 24 + 5 = 65 bytes.
        #expect(try await model.reply(shown).tokens == TokenCount(input: 17, output: 0))
        for (bytes, expected) in [(0, 0), (1, 1), (4, 1), (5, 2), (8, 2)] {
            #expect(tokens(ofBytes: bytes) == Int64(expected))
        }
    }

    @Test func `a call costs its tokens at the price of the route, to the nanodollar`() throws {
        let price: ModelRouteSpec.Price = try
            (["inputPerMillion": "3.00", "outputPerMillion": "15.00"] as Value).decode()
        #expect(cost(of: TokenCount(input: 1000, output: 100), price: price) == USD("0.0045"))
        #expect(cost(of: TokenCount(input: 1, output: 1), price: price).nanodollars == 18_000)
        #expect(cost(of: TokenCount(input: 1000, output: 100), price: nil) == .zero)
    }

    @Test func `a glob matches the whole text`() {
        let table: [(String, String, Bool)] = [
            ("", "", true), ("*", "", true), ("a", "", false), ("a*c", "abc", true), ("a*c", "a\nb\nc", true),
            ("a?c", "abc", true), ("a?c", "ac", false), ("*FAILED*", "x FAILED y", true),
            ("FAILED", "x FAILED", false),
            ("*a*b*", "xaxxbx", true), ("*a*b", "ab ba", false), ("??", "äö", true), ("***", "any", true),
            ("[a]", "a", false),
        ]
        for (pattern, text, matches) in table {
            #expect(globMatches(pattern, text) == matches, "\(pattern) on \(text)")
        }
        // A pattern that makes backtracking matchers explode.
        #expect(!globMatches(String(repeating: "a*", count: 40) + "b", String(repeating: "a", count: 4000)))
    }
}

/// An answer of a tool.
func answer(_ tool: String, _ text: String, isError: Bool = false) -> ToolAnswer {
    ToolAnswer(callID: "call", tool: tool, text: text, isError: isError)
}
