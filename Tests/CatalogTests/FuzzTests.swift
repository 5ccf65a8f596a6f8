import Domain
import Support
import Testing

@testable import Catalog

/// Files that nobody wrote on purpose; what the laws are, ``Configuration/brokenLaw(_:)`` says.
@Suite(.serialized) struct FuzzTests {
    /// What a load of a small configuration takes at most, on a busy machine and without optimisation.
    private let patience = Duration.seconds(20)

    @Test func `a changed configuration is loaded by its laws`() throws {
        var mutator = Mutator(Fuzzing.generator(), corpus: try FuzzCorpus.singles())
        for configuration in try FuzzCorpus.configurations() {
            let paths = configuration.files.keys.sorted()
            for round in 0..<Fuzzing.rounds(25) {
                var changed = configuration
                for _ in 0..<(mutator.random.chance(30) ? 2 : 1) {
                    guard let path = mutator.pick(paths) else { continue }
                    changed.files[path] = mutator.changed(changed.files[path] ?? [])
                }
                try expectLaws(of: changed, "seed \(mutator.random.seed), round \(round)")
            }
        }
    }

    @Test func `a changed sample is read by its laws`() throws {
        let corpus = try FuzzCorpus.singles()
        #expect(corpus.count > 30)
        var mutator = Mutator(Fuzzing.generator(), corpus: corpus)
        var configuration = try Configuration()
        for (number, file) in corpus.enumerated() {
            for round in 0..<Fuzzing.rounds(6) {
                // As it is first, so that what is hostile by itself is tried for sure.
                configuration.files = ["a.yaml": round == 0 ? file : mutator.changed(file)]
                try expectLaws(
                    of: configuration,
                    "seed \(mutator.random.seed), file \(number), round \(round)"
                )
            }
        }
    }

    @Test func `what was read before makes no difference to what a change means`() throws {
        var mutator = Mutator(Fuzzing.generator(), corpus: try FuzzCorpus.singles())
        var pair = try MemoryPair()
        let good = pair.configuration.files
        let paths = good.keys.sorted()
        for round in 0..<Fuzzing.rounds(60) {
            // Most files are mended before the next one is broken, or everything would be judged anew.
            if mutator.random.chance(70) { pair.configuration.files = good }
            guard let path = mutator.pick(paths) else { continue }
            pair.configuration.files[path] = mutator.changed(good[path] ?? [])
            let judged = pair.judge().loaded
            let whole = pair.configuration.load()
            let context: Comment = "seed \(mutator.random.seed), round \(round)"
            #expect(Set(judged.objects) == Set(whole.objects), context)
            #expect(judged.diagnostics == whole.diagnostics, context)
            #expect(judged.heldBack == whole.heldBack && judged.unreadable == whole.unreadable, context)
        }
    }

    @Test func `a text of any form is accepted or refused, and means what it says`() {
        var mutator = Mutator(Fuzzing.generator())
        for round in 0..<Fuzzing.rounds(3000) {
            let text = mutator.text(of: formTokens, upTo: 8)
            let context: Comment = "seed \(mutator.random.seed), round \(round): \(text.debugDescription)"
            let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            let climbs =
                text.utf8.first == UInt8(ascii: "/") || parts.contains { $0.elementsEqual("..".utf8) }
            for format in TextFormat.allCases where format.accepts(text) {
                switch format {
                case .glob, .relativePath: #expect(!climbs, context)
                case .dnsLabel, .identifier, .variable, .digest, .commit, .labelKey, .labelValue, .version,
                    .cores:
                    #expect(text.utf8.allSatisfy { $0 < 128 }, context)
                case .reference: #expect(!text.utf8.contains(0x20) && !text.utf8.contains(0x7F), context)
                case .email: #expect(text.utf8.count { $0 == UInt8(ascii: "@") } == 1, context)
                case .free: break
                default:
                    #expect(!text.unicodeScalars.contains { $0.value < 32 || $0.value == 127 }, context)
                }
            }
        }
    }

    private let formTokens = [
        "a", "B", "0", "9", "-", "_", ".", "..", "/", ":", "@", "~", "+", "*", "m", "s", "h", "Mi",
        "https://",
        "git@", "ssh://", "refs", ".lock", "@{", "sha256:", " ", "\n", "\r\n", "\u{7F}", "\u{301}", "é",
        "\u{200D}",
        "<", ">", "\u{2028}", "1.2.3", "user@example.org", "../", "./",
    ]

    private func expectLaws(of configuration: Configuration, _ context: String) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let loaded = configuration.load()
        #expect(start.duration(to: clock.now) < patience, "\(context) took too long")
        guard let broken = configuration.brokenLaw(loaded) else { return }
        let texts =
            configuration.files.count > 1
            ? [] : configuration.files.values.map { String(decoding: $0, as: UTF8.self) }
        Issue.record("\(context): \(broken) \(texts.joined().debugDescription)")
        throw SupportError("repeat it with AGIRUNNER_FUZZ_SEED")
    }
}
