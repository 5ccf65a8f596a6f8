import Domain
import Testing

@testable import Runtime

@Suite struct InputSchemaTests {
    @Test func `every tool describes its input with what the checker knows`() throws {
        let known: Set<String> = [
            "type", "properties", "required", "additionalProperties", "items", "enum", "minimum", "maximum",
            "minLength", "maxLength", "maxItems", "description",
        ]
        func check(_ schema: Value) throws {
            let members = try #require(schema.object)
            #expect(Set(members.keys).isSubset(of: known))
            for property in members["properties"]?.object?.values ?? [:].values { try check(property) }
            for name in members["required"]?.array ?? [] {
                #expect(members["properties"]?[name.string ?? ""] != nil)
            }
        }
        for tool in Toolbox.catalogue {
            try check(tool.schema)
            #expect(tool.schema["additionalProperties"] == false)
            #expect(tool.timeout > .zero && tool.outputLimit > 0 && !tool.summary.isEmpty)
        }
    }

    @Test func `what is wrong is said in a sentence each`() {
        let schema = objectSchema(
            [
                "path": textSchema("", maxLength: 3, minLength: 1), "count": integerSchema("", 1...5),
                "mode": ["enum": ["a", "b"]],
                "list": ["type": "array", "items": ["type": "string"], "maxItems": 2],
            ],
            required: ["path"]
        )
        let table: [(Value, [String])] = [
            (["path": "a"], []), ([:], ["`path` is missing"]), ("x", ["The input must be an object"]),
            (["path": ""], ["`path` must not be empty"]),
            (["path": "abcd"], ["`path` must have at most 3 characters; it has 4"]),
            (["path": "a", "count": 0], ["`count` must be at least 1"]),
            (["path": "a", "count": 6], ["`count` must be at most 5"]),
            (["path": "a", "count": "1"], ["`count` must be an integer"]),
            (["path": "a", "mode": "c"], ["`mode` must be one of: a, b"]),
            (["path": "a", "list": ["a", 1]], ["`list[1]` must be a string"]),
            (["path": "a", "list": ["a", "b", "c"]], ["`list` must have at most 2 elements; it has 3"]),
            (["path": "a", "cuont": 1], ["`cuont` is unknown; did you mean `count`?"]),
        ]
        for (input, problems) in table {
            #expect(InputSchema(schema: schema).problems(with: input) == problems)
        }
    }
}

@Suite struct OccurrenceTests {
    /// Compares at every place.
    private func plainly(_ needle: [UInt8], _ bytes: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var place = 0
        while !needle.isEmpty, place + needle.count <= bytes.count {
            let range = place..<place + needle.count
            if Array(bytes[range]) == needle { found.append(range) }
            place = found.last == range ? range.upperBound : place + 1
        }
        return found
    }

    @Test func `they are those that a look at every place finds`() {
        // All texts of up to nine bytes from an alphabet of two, so that everything repeats itself.
        func word(_ number: Int, _ length: Int) -> [UInt8] {
            (0..<length).map { number >> $0 & 1 == 0 ? 97 : 98 }
        }
        let needles = (0...4).flatMap { length in (0..<1 << length).map { word($0, length) } }
        for length in 0...9 {
            for number in 0..<1 << length {
                let bytes = word(number, length)
                for needle in needles {
                    let found = occurrences(of: needle, in: bytes)
                    #expect(Array(found) == plainly(needle, bytes), "\(needle) in \(bytes)")
                    #expect(found.isEmpty == plainly(needle, bytes).isEmpty)
                }
            }
        }
    }
}

@Suite struct ShellPolicyTests {
    private func policy(allow: [String] = [], deny: [String] = []) throws -> ShellPolicy {
        let rules: Value = ["allow": .strings(allow), "deny": .strings(deny)]
        return ShellPolicy(try rules.decode())
    }

    @Test func `a denied command is found wherever the shell would run it`() throws {
        let policy = try policy(deny: ["git push", "curl", "rm -rf *"])
        let denied = [
            "git push", "git push origin main", "ls; git push", "true && git push", "(git push)",
            "echo $(git push)",
            "echo \"`git push`\"", "FOO=1 git push", "env A=1 git push", "sh -c 'git push'",
            "bash -lc \"git push\"",
            "eval git push", "/usr/bin/curl x", "'cu'rl x", "if true; then curl x; fi", "ls | xargs rm -rf x",
            "nice -n 5 git push", "nice -5 git push", "nice --adjustment 5 git push", "xargs -n 1 curl",
            "ls | xargs -0rn 1 -I {} rm -rf {}", "xargs -P4 curl", "env -u HOME curl x", "env -i A=1 curl x",
            "env --unset HOME -C / curl x", "exec -a name curl x", "ls > 'a b'; curl x",
            "echo > \"$(curl x)\"",
            "\\curl x", "time curl", "echo a > $(curl x)", "a=$(curl x)", "{ curl; }",
        ]
        for command in denied { #expect(policy.refusal(of: command) != nil, "\(command)") }
        let allowed = [
            "git status", "echo git push", "echo 'git push'", "# git push", "ls curl", "rm -r x",
            "echo a > curl", "nice -n 5 ls curl", "echo x > \"a b\"", "echo x > 'curl x'", "echo x >a\\ b",
        ]
        for command in allowed {
            #expect(policy.refusal(of: command) == nil, "\(command)")
        }
    }

    @Test func `with allowed commands every command must be one`() throws {
        let policy = try policy(allow: ["python3 -m unittest", "ls", "git *"])
        for command in ["ls -l", "python3 -m unittest -v 2>&1 | ls", "git status", "A=1 ls"] {
            #expect(policy.refusal(of: command) == nil, "\(command)")
        }
        for command in ["python3 x.py", "ls; cat x", "ls $(cat x)", "$X", "ls 'unfinished"] {
            #expect(policy.refusal(of: command) != nil, "\(command)")
        }
        #expect(policy.refusal(of: "cat x")?.contains("allowed: python3 -m unittest, ls, git *") == true)
    }

    @Test func `without rules everything runs, also what cannot be read`() throws {
        #expect(try policy().refusal(of: "echo 'unfinished") == nil)
    }

    @Test func `a command line is parsed into its simple commands`() {
        let table: [(String, [[String]]?)] = [
            ("a b  c", [["a", "b", "c"]]), ("a 'b c' \"d e\"f", [["a", "b c", "d ef"]]), ("a\\ b", [["a b"]]),
            ("a;b|c&&d||e&f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]), ("a 2>&1 >x <y b", [["a", "b"]]),
            ("a >\"x y\"z b", [["a", "b"]]), ("a >'x;y' b", [["a", "b"]]), ("a >x\\ y b", [["a", "b"]]),
            ("a >'x", nil),
            ("a \"$(b c)\"", [["a", ""], ["b", "c"]]), ("a $X", [["a", "$X"]]), ("a 'b", nil), ("a $(b", nil),
            ("", []),
            ("a\nb", [["a"], ["b"]]), ("x=1 y=2", []),
        ]
        for (text, commands) in table { #expect(simpleCommands(of: text) == commands, "\(text)") }
        #expect(
            simpleCommands(of: String(repeating: "$(", count: 20) + String(repeating: ")", count: 20)) == nil
        )
    }
}
