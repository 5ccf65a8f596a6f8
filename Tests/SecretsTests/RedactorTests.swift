import Secrets
import Support
import Testing

@Suite struct RedactorTests {
    private let redactor = Redactor([
        SecretText("hunter2-hunter2"), SecretText("p@ss/word \"1\"+"), SecretText("hunter2-hunter2-longer"),
        SecretText("-----BEGIN KEY-----\nab+/cd==\n-----END KEY-----\n"), SecretText("ababab"),
    ])

    @Test func `a secret is replaced wherever it stands`() {
        #expect(redactor.redact("x hunter2-hunter2 y") == "x ••• y")
        #expect(redactor.redact("hunter2-hunter2") == "•••")
        #expect(redactor.redact("nothing to see, hunter2-hunter") == "nothing to see, hunter2-hunter")
        #expect(redactor.redact("") == "")
        #expect(redactor.redact("é•hunter2-hunter2é") == "é••••é")
    }

    @Test func `the longest of several secrets wins and overlaps are covered`() {
        #expect(redactor.redact("hunter2-hunter2-longer!") == "•••!")
        #expect(redactor.redact("hunter2-hunter2-long") == "•••-long")
        #expect(redactor.redact("xabababababy") == "x•••y")
        let overlapping = Redactor([SecretText("abcdef"), SecretText("defghi")])
        #expect(overlapping.redact("1abcdefghi2") == "1•••2")
    }

    @Test func `encoded forms are replaced`() {
        #expect(redactor.redact("key=p%40ss%2Fword%20%221%22%2B&x") == "key=•••&x")
        #expect(redactor.redact("key=p%40ss%2fword%20%221%22%2b&x") == "key=•••&x")
        #expect(redactor.redact(#"{"a":"p@ss/word \"1\"+"}"#) == #"{"a":"•••"}"#)
        #expect(redactor.redact(#""-----BEGIN KEY-----\nab+/cd==\n-----END KEY-----\n""#) == "\"•••\"")
        #expect(redactor.redact("<\(base64("hunter2-hunter2".utf8))>") == "<•••>")
        #expect(redactor.redact("<\(base64URL("p@ss/word \"1\"+".utf8))>") == "<•••>")
    }

    @Test func `a secret inside longer base64 is replaced at each of its three places`() {
        for user in ["", "u:", "us:", "use:", "user:"] {
            for end in ["", "!", "!!", "!!!"] {
                let plain = Array("\(user)hunter2-hunter2\(end)".utf8)
                for encoded in [base64(plain), base64URL(plain)] {
                    let redacted = redactor.redact("Basic \(encoded)")
                    #expect(redacted.contains("•••"))
                    // No four characters of the encoded secret are left together.
                    #expect(
                        redacted.utf8.count < "Basic ".utf8.count + 9 + 4 + user.utf8.count * 2 + end.utf8
                            .count * 2 + 4
                    )
                }
            }
        }
    }

    @Test func `short values are not registered`() {
        var redactor = Redactor()
        let registered = ["12345", "123456"].map { redactor.register(SecretText($0)) }
        #expect(registered == [false, true])
        #expect(redactor.redact("12345 123456") == "12345 •••")
    }

    @Test func `a stream gives the same text wherever it is cut`() {
        let text = Array(
            "xabababababy hunter2-hunter2-lo hunter2-hunter2-longer hunterp%40ss%2Fword%20%221%22%2B- ababa"
                .utf8
        )
        let expected = redactor.redact(String(decoding: text, as: UTF8.self))
        for first in 0...text.count {
            for second in first...text.count {
                var stream = RedactionStream(redactor)
                var output = stream.push(text[..<first]) + stream.push(text[first..<second])
                output += stream.push(text[second...]) + stream.finish()
                #expect(String(decoding: output, as: UTF8.self) == expected)
            }
        }
    }

    @Test func `a stream holds back only what may become a secret`() {
        var stream = RedactionStream(redactor)
        let outputs =
            ["all of this can go.", " hunter2", " is all"].map { stream.push($0.utf8) } + [stream.finish()]
        #expect(
            outputs.map { String(decoding: $0, as: UTF8.self) } == [
                "all of this can go.", " ", "hunter2 is all", "",
            ]
        )
    }

    @Test func `random texts of few letters never show a secret`() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let secrets = ["abaaba", "aabaab", "bbbbbbb", "abbabbabb"]
        let redactor = Redactor(secrets.map { SecretText($0) })
        for _ in 0..<2000 {
            let text = String((0..<40).map { _ in Bool.random(using: &generator) ? "a" : "b" })
            var stream = RedactionStream(redactor)
            var output: [UInt8] = []
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...9, using: &generator))
                output += stream.push(piece)
                rest = rest.dropFirst(piece.count)
            }
            output += stream.finish()
            let redacted = String(decoding: output, as: UTF8.self)
            #expect(redacted == redactor.redact(text), "seed \(seed)")
            for secret in secrets { #expect(!redacted.contains(secret), "seed \(seed)") }
            let hasSecret = secrets.contains { text.contains($0) }
            #expect(redacted.contains("•••") == hasSecret, "seed \(seed)")
        }
    }
}
