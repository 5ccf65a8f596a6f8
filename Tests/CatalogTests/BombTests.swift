import Domain
import Support
import Testing

@testable import Catalog

/// Files of at most a megabyte that are made to take time or memory.
@Suite(.serialized, .timeLimit(.minutes(3))) struct BombTests {
    private static let head = "apiVersion: agirunner.dev/v1\nkind: Workflow\nmetadata: {name: x}\nspec:\n"

    private static func long(_ text: String) -> String {
        String(repeating: text, count: 900_000 / text.utf8.count)
    }

    private static func document(_ kind: String, _ spec: String) -> String {
        "apiVersion: agirunner.dev/v1\nkind: \(kind)\nmetadata: {name: x}\nspec:\n" + spec
    }

    private static func lines(_ count: Int, _ line: (Int) -> String) -> String {
        (0..<count).map { "    - \(line($0))\n" }.joined()
    }

    private static let playbook = document(
        "Playbook",
        "  displayName: P\n  version: \"1\"\n  outcome: O.\n  instructions: I.\n"
    )

    /// By name: the text, and a code of what is told of it.
    private static let bombs: [String: (text: String, code: String)] = [
        "names for tags": ((0..<50_000).map { "%TAG !\($0)! x\n" }.joined() + "---\na: b\n", "YML004"),
        "a long key": (head + "  ? " + long("k") + "\n  : x\n", "SCH001"),
        "a long kind": ("apiVersion: agirunner.dev/v1\nkind: " + long("R") + "\n", "ENV002"),
        "a long word": (head + "  retention: " + long("w") + "\n", "SCH001"),
        "many values below a long key": (
            head + "  parameters:\n    ? " + String(repeating: "k", count: 300_000) + "\n    : ["
                + String(repeating: "1,", count: 90_000) + "]\n", "SCH002"
        ),
        "a name of one character with many accents": (
            "apiVersion: agirunner.dev/v1\nkind: Role\nmetadata: {name: a" + long("\u{301}")
                + "}\nspec: {a: 1}\n",
            "SCH006"
        ),
        "many keys that are nearly right": (
            head + (0..<40_000).map { "  playbookRe\($0): 1\n" }.joined(), "SCH001"
        ),
        "roles that are nearly those of others": (
            playbook + "  roles:\n" + lines(8000) { "role-\($0)" } + "  stages:\n  - name: a\n    goal: g\n"
                + "    roles:\n" + lines(8000) { "rolf-\($0)" }, "REF003"
        ),
        "scenes of many roles": (
            document("ModelProvider", "  type: scripted\n  screenplay:\n    scenes:\n")
                + lines(8000) { "{role: role-\($0 % 7999), turns: []}" }, "SEM003"
        ),
        "gates of many stages": (
            document("Policy", "  appliesTo: {}\n  requireGates:\n")
                + lines(4000) { "{stage: stage-\($0), gate: {approvers: [\"user:ann\"]}}" }, "POL006"
        ),
        "many times of a freeze": (
            document("GitSource", "  url: /srv/x\n  ref: {branch: main}\n  freeze:\n")
                + lines(9000) { _ in "{start: \"0 0 1 2 *\", duration: 31d}" }, "SCH004"
        ),
        "words like tokens": (head + "  parameters: {a: \"" + long("eyJ ") + "\"}\n", "SCH002"),
    ]

    @Test(arguments: bombs.keys.sorted()) func `a bomb is refused in time, and what is said of it is short`(
        name: String
    ) throws {
        let bomb = try #require(Self.bombs[name])
        let file = SourceFile(path: "bomb.yaml", bytes: Array(bomb.text.utf8))
        #expect(file.bytes.count < SourceText.sizeLimit, "a larger file is refused unread")
        let clock = ContinuousClock()
        let start = clock.now
        let loaded = Loader().load([file])
        // Without optimisation, and beside other tests.
        #expect(start.duration(to: clock.now) < .seconds(20), "\(name)")
        #expect(loaded.diagnostics.contains { $0.code == bomb.code }, "\(loaded.diagnostics.map(\.code))")
        let said = loaded.diagnostics.map(\.jsonLine.utf8.count).max() ?? 0
        #expect(said < 10_000, "\(name) is told in \(said) bytes")
    }
}
