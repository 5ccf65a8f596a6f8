import Testing

/// What does not stand in the sources.
@Suite struct LanguageTests {
    private let files = Repository.this.files

    private func left(
        _ rule: Rule,
        _ check: (SourceFile) -> [Violation],
        in files: [SourceFile]
    ) -> [Violation] {
        files.flatMap(check).minus(exemptions.filter { $0.rule == rule })
    }

    private func file(_ text: String) -> SourceFile { SourceFile(path: "Sources/Domain/X.swift", text: text) }

    @Test func `no type has a name that says nothing`() {
        let found = left(.typeName, typeNames, in: files)
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func `nothing ends the process where an error would do`() {
        let found = left(.trap, traps, in: files)
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func `no error is dropped without a word`() {
        let found = left(.silencedError, silencedErrors, in: files)
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func `what the compiler is asked to believe is listed with its proof`() {
        let found = left(.uncheckedSafety, uncheckedSafety, in: files)
        #expect(found.isEmpty, "\(found.report)")
        #expect(exemptions.allSatisfy { $0.reason.hasSuffix(".") && $0.reason.count > 30 })
    }

    @Test func `nothing is put off in a comment`() {
        let found = left(.openEnd, openEnds, in: files)
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func `a name that says nothing is found`() {
        let bad = file(
            "final class QueueManager {}\nstruct `Info` {}\nenum MetaData {}\nstruct Datagram {}\nlet Data "
                + "= 1\n"
        )
        #expect(typeNames(bad).map(\.line) == [1, 3])
        #expect(typeNames(file("package actor NameHelper {}")).count == 1)
    }

    @Test func `a trap is found, and what only looks like one is not`() {
        let bad = file(
            """
            let a = try! f()
            let b = x as! Int
            fatalError("no")
            let c = list.first!
            let d = f()!.name
            var e: Int!
            let f = "\\(name!)"
            """
        )
        #expect(traps(bad).map(\.line) == [1, 2, 3, 4, 5, 6, 7])
        let good = file(
            """
            if !a, b != c, a != nil { f(!x) }
            let s = "wow! try! \\(!x)"  // really! as! x!
            let t = #"x!"#
            @Test func `it works!`() {}
            """
        )
        #expect(traps(good) == [])
    }

    @Test func `an error that is dropped is found unless somebody said why`() {
        let bad = file("let a = 1\n\nlet x = try? f()\nlet s = \"try? this\"\n")
        #expect(silencedErrors(bad).map(\.line) == [3])
        let good = file(
            """
            let w = entry?.size
            let x = try? f()  // A missing file is what is wanted.
            // Nobody is left to tell.
            let y = try? f()
            let z = try? f()
            // A file that is no record names no process.
            guard let a = g(),
                let b = try? f()
            else { return }
            """
        )
        #expect(silencedErrors(good) == [])
    }

    @Test func `an unproven belief and an open end are found`() {
        #expect(
            uncheckedSafety(file("final class X: @unchecked Sendable {}\nnonisolated(unsafe) var y = 1\n"))
                .count == 2
        )
        #expect(uncheckedSafety(file("// @unchecked Sendable\nstruct X: Sendable {}\n")).isEmpty)
        let mark = "TO" + "DO"
        #expect(openEnds(file("let a = 1  // \(mark): later\nlet \(mark) = 2\n")).map(\.line) == [1])
    }

    @Test func `an exemption covers what it counts, and fails when it is too wide`() {
        let found = uncheckedSafety(file("final class X: @unchecked Sendable {}\n"))
        func exemption(_ count: Int) -> Exemption {
            Exemption(rule: .uncheckedSafety, path: "Sources/Domain/X.swift", count: count, reason: "Proof.")
        }
        #expect(found.minus([exemption(1)]).isEmpty)
        #expect(found.minus([exemption(2)]).count == 1)
        #expect((found + found).minus([exemption(1)]).count == 2)
        #expect([Violation]().minus([exemption(1)]).count == 1)
    }

    @Test func `code, comments and literals are told apart`() {
        let source = file(
            #"""
            let a = "// no \("x" + f(")")) comment" /* /* yes */ { */ + b
            let c = ##"raw \(x) "# "##; let d = """
              { " } \(g { 1 }) //
              """  // } end
            """#
        )
        #expect(source.code[0] == #"let a = "       (" " + f(" "))        "                   + b"#)
        #expect(source.code[1] == ###"let c = ##"            "##; let d = """"###)
        #expect(source.code[2].split(separator: " ") == ["(g", "{", "1", "})"])
        #expect(source.comments[3].split(separator: " ") == ["//", "}", "end"])
    }
}
