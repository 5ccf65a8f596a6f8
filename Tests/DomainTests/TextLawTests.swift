import Domain
import Support
import Testing

/// What is so of texts that nobody chose; a failure prints the seed that repeats it.
@Suite struct TextLawTests {
    @Test func `a glob matches what a slow reading of it matches`() {
        var mutator = Mutator(Fuzzing.generator())
        let letters = ["a", "b", "*", "?", "/", ".", "é", "e\u{301}", "\u{301}", "\n"]
        for round in 0..<Fuzzing.rounds(4000) {
            let pattern = mutator.text(of: letters + ["*"], upTo: 7)
            let text = mutator.text(of: letters, upTo: 8)
            let expected = matches(Array(pattern.unicodeScalars)[...], Array(text.unicodeScalars)[...])
            let context: Comment = "seed \(mutator.random.seed), round \(round): '\(pattern)' and '\(text)'"
            #expect(globMatches(pattern, text) == expected, context)
            if !pattern.utf8.contains(where: { "*?".utf8.contains($0) }) {
                #expect(globMatches(pattern, text) == pattern.utf8.elementsEqual(text.utf8), context)
            }
            #expect(globMatches("*" + pattern + "*", "x" + text) || !expected, context)
        }
    }

    @Test func `a glob of many stars takes no time`() {
        let clock = ContinuousClock()
        let start = clock.now
        let text = String(repeating: "a", count: 5000)
        #expect(!globMatches(String(repeating: "a*", count: 1000) + "b", text))
        #expect(start.duration(to: clock.now) < .seconds(20))
    }

    @Test func `what is read as JSON is written and read as the same`() {
        var mutator = Mutator(Fuzzing.generator(), corpus: jsonTexts.map { Array($0.utf8) })
        var isRead = 0
        for round in 0..<Fuzzing.rounds(4000) {
            let text = Array((mutator.pick(jsonTexts) ?? "").utf8)
            let bytes = round % 4 == 0 ? text : mutator.changed(text)
            let context: Comment = "seed \(mutator.random.seed), round \(round)"
            do {
                let value = try Value(json: bytes)
                isRead += 1
                for written in [value.canonicalBytes, Array(value.prettyJSON.utf8)] {
                    let back = try Value(json: written)
                    #expect(back == value && back.canonicalBytes == value.canonicalBytes, context)
                }
                #expect(value.merging(value.mergePatch(from: value)) == value, context)
            } catch let error as JSONError {
                #expect((0...bytes.count).contains(error.offset), context)
            } catch {
                Issue.record("\(error): \(context)")
            }
        }
        #expect(isRead > Fuzzing.rounds(4000) / 4)
    }

    @Test func `a patch turns any value into any other`() throws {
        var mutator = Mutator(Fuzzing.generator(), corpus: jsonTexts.map { Array($0.utf8) })
        let values = try jsonTexts.map { try Value(json: $0) }
        for _ in 0..<Fuzzing.rounds(300) {
            let old = mutator.pick(values) ?? .null
            let new = mutator.pick(values) ?? .null
            // A patch has no way to say that a member is null.
            guard !holdsNull(new) else { continue }
            #expect(
                old.merging(new.mergePatch(from: old)) == new,
                "\(old.canonicalJSON) \(new.canonicalJSON)"
            )
        }
    }

    @Test func `amounts of time are written as they are read, and can be reckoned with`() {
        var mutator = Mutator(Fuzzing.generator())
        let tokens = [
            "0", "1", "9", "999999999", "36500", "d", "h", "m", "s", "ms", "-", "+", " ", ".", "é", "\u{301}",
        ]
        for round in 0..<Fuzzing.rounds(4000) {
            let text = mutator.text(of: tokens, upTo: 6)
            guard let duration = Duration(text: text) else { continue }
            let context: Comment = "seed \(mutator.random.seed), round \(round): '\(text)'"
            #expect(Duration(text: duration.text) == duration, context)
            let later = Timestamp(microseconds: 1_800_000_000_000_000) + duration
            #expect(later.microseconds >= 1_800_000_000_000_000 && duration.microseconds >= 0, context)
        }
        #expect(Duration(text: "36500d") != nil && Duration(text: "36501d") == nil)
        #expect(Duration(text: "999999999d999999999h") == nil)
    }

    @Test(arguments: [
        (0, "0s"), (-5, "0s"), (119, "119s"), (120, "2m"), (150, "2m30s"), (600, "10m"), (10_799, "179m"),
        (10_800, "3h"),
        (12_600, "3h30m"), (28_800, "8h"), (172_800, "2d"), (180_000, "2d2h"), (691_200, "8d"),
        (86_400_000, "1000d"),
    ])
    func `ages are rough`(seconds: Int, text: String) {
        #expect(Duration.seconds(seconds).roughText == text)
    }

    @Test func `a moment is written as it is read`() {
        var mutator = Mutator(Fuzzing.generator())
        let good = [
            "2026-11-22T09:10:02.000123Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999-23:59",
        ]
        for round in 0..<Fuzzing.rounds(4000) {
            let bytes = mutator.changed(Array((mutator.pick(good) ?? "").utf8))
            let text = String(decoding: bytes, as: UTF8.self)
            guard let moment = Timestamp(text) else { continue }
            let context: Comment = "seed \(mutator.random.seed), round \(round): '\(text)' is \(moment)"
            #expect(Timestamp(moment.description) == moment, context)
        }
        let written = Timestamp(microseconds: 0)...Timestamp(microseconds: 253_402_300_799_999_999)
        for _ in 0..<Fuzzing.rounds(2000) {
            let number = Int64.random(
                in: written.lowerBound.microseconds...written.upperBound.microseconds,
                using: &mutator.random
            )
            let moment = Timestamp(microseconds: number)
            #expect(Timestamp(moment.description) == moment, "\(number)")
        }
    }

    @Test(arguments: [
        "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60", "2026-01-01",
    ]) func `a moment that no calendar has is none`(text: String) { #expect(Timestamp(text) == nil) }

    @Test func `amounts of money are written as they are read, and no sum traps`() throws {
        var mutator = Mutator(Fuzzing.generator())
        let tokens = [
            "0", "00", "1", "9", "999999999", "9223372036", ".", "854775807", "-", "+", "e", "\u{301}",
        ]
        var sum = USD.zero
        for round in 0..<Fuzzing.rounds(4000) {
            let text = mutator.text(of: tokens, upTo: 5)
            guard let amount = USD(text) else { continue }
            let context: Comment = "seed \(mutator.random.seed), round \(round): '\(text)'"
            #expect(USD(amount.description) == amount, context)
            sum = sum + amount
            #expect(sum >= amount && USD(sum.description) == sum, context)
            let tokens = Int64.random(in: .min ... .max, using: &mutator.random)
            #expect(USD.price(tokens: tokens, perMillion: amount) >= .zero, context)
        }
        let largest = USD(nanodollars: .max)
        #expect(sum == largest && USD.price(tokens: .max, perMillion: largest) == largest)
        #expect(USD.price(tokens: 3, perMillion: try #require(USD("0.10"))).nanodollars == 300)
        #expect(USD.price(tokens: 1, perMillion: USD(nanodollars: 1)).nanodollars == 1)
        let usage = Usage(inputTokens: .max, cost: largest, wallMilliseconds: .max)
        #expect(usage + usage == usage)
    }

    @Test func `a quantity of bytes is digits and perhaps a suffix`() {
        var mutator = Mutator(Fuzzing.generator())
        let tokens = [
            "0", "1", "512", "9223372036854775807", "Ki", "Mi", "Ti", "k", "G", "-", "+", " ", "i", "é",
        ]
        for _ in 0..<Fuzzing.rounds(4000) {
            let text = mutator.text(of: tokens, upTo: 4)
            guard let count = ByteCount(quantity: text) else { continue }
            #expect(text.wholeMatch(of: /[0-9]+([kMGT]|[KMGT]i)?/) != nil, "'\(text)'")
            #expect(ByteCount(quantity: "\(count.bytes)") == count)
        }
    }

    @Test func `a name that is suggested is a near one`() {
        var mutator = Mutator(Fuzzing.generator())
        let names = ["reviewer", "developer", "Role", "b", "", "é", "e\u{301}"]
        for _ in 0..<Fuzzing.rounds(1000) {
            let name = String(
                decoding: mutator.changed(Array((mutator.pick(names) ?? "").utf8)),
                as: UTF8.self
            )
            guard let near = nearestName(to: name, among: names) else { continue }
            let lengths = [near, name].map { $0.lowercased().unicodeScalars.count }
            #expect(names.contains(near) && abs(lengths[0] - lengths[1]) <= 3)
        }
        #expect(nearestName(to: "reveiwer", among: names) == "reviewer")
        #expect(nearestName(to: String(repeating: "r", count: 1_000_000), among: names) == nil)
    }

    private let jsonTexts = [
        #"{"a":[1,-2.5e3,{"b":null}],"c":"x\u00e9\ud83d\ude00\n","d":true,"":{}}"#, "[]", "{}", "[[[[0]]]]",
        #""e\u0301""#, "9223372036854775807", "-9223372036854775808", "1e308", "5e-324", "-0.0",
        #"{"a":{"b":1}}"#,
        #"{"a":{"c":[2]},"e":"f"}"#, String(repeating: "[", count: 199) + String(repeating: "]", count: 199),
    ]

    private func holdsNull(_ value: Value) -> Bool {
        switch value {
        case .null: true
        case .object(let members): members.values.contains(where: holdsNull)
        default: false
        }
    }

    private func matches(_ pattern: ArraySlice<Unicode.Scalar>, _ text: ArraySlice<Unicode.Scalar>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == "*" { return (0...text.count).contains { matches(rest, text.dropFirst($0)) } }
        guard let head = text.first, first == "?" || first == head else { return false }
        return matches(rest, text.dropFirst())
    }
}
