import Domain
import Testing

@Suite struct LiveNameTests {
    @Test(arguments: [1, 40, 63, 200]) func `a name is made of parts of any length`(length: Int) {
        let last = String(repeating: "9", count: length)
        #expect(liveName("main", last).hasSuffix(last))
        #expect(liveName(last, "a").utf8.count <= 63)
    }
}
