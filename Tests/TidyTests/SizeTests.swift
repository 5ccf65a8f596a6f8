import Testing

/// How long files, functions and lines are.
@Suite struct SizeTests {
    private let files = Repository.this.files

    @Test(arguments: [Rule.fileLength, .functionLength, .lineLength])
    func `nothing is longer than allowed`(rule: Rule) {
        let check: (SourceFile) -> [Violation] =
            switch rule {
            case .fileLength: fileLength
            case .functionLength: functionLength
            default: lineLength
            }
        let found = files.flatMap(check).minus(exemptions.filter { $0.rule == rule })
        #expect(found.isEmpty, "\(found.report)")
    }

    @Test func `a package that is not there would not pass`() {
        #expect(files.count > 100)
        #expect(files.contains { $0.path == "Tests/TidyTests/SizeTests.swift" })
    }

    @Test func `a long file is found, sooner in a program and later in tests`() {
        func file(_ path: String, lines: Int) -> SourceFile {
            SourceFile(path: path, text: String(repeating: "let x = 1\n", count: lines))
        }
        #expect(fileLength(file("Sources/Domain/X.swift", lines: 400)).isEmpty)
        #expect(fileLength(file("Sources/Domain/X.swift", lines: 401)).count == 1)
        #expect(fileLength(file("Sources/agirunnerd/X.swift", lines: 201)).count == 1)
        #expect(fileLength(file("Tests/DomainTests/X.swift", lines: 600)).isEmpty)
        #expect(fileLength(file("Tests/DomainTests/X.swift", lines: 601)).count == 1)
    }

    @Test func `a long line is found by its columns, not its bytes`() {
        let text = String(repeating: "·", count: 110) + "\n" + String(repeating: "x", count: 111) + "\n"
        #expect(lineLength(SourceFile(path: "Sources/Domain/X.swift", text: text)).map(\.line) == [2])
    }

    @Test func `a long function is found in every form`() {
        let body = String(repeating: "        call(\"}\") // {\n", count: 60)
        let text = """
            struct X {
                var stored: Int
                var computed: Int {
            \(body)    }
                init?(a: @escaping () -> Void = {}) {
            \(body)    }
                func f<T: P>(_ x: [T]) async throws -> T where T: Q {
            \(body)    }
                func short() { X.init(a: {}) }
            }
            protocol P {
                func required() -> Int
                var read: Int { get }
            }
            """
        let file = SourceFile(path: "Sources/Domain/X.swift", text: text)
        #expect(functionLength(file).map { $0.message.prefix { $0 != " " } } == ["computed", "init", "f"])
        #expect(functions(in: file.tokens).map(\.lines) == [62, 62, 62, 1, 1])
    }

    @Test func `a function of the allowed length is let through, and more in tests`() {
        func file(_ path: String, lines: Int) -> SourceFile {
            let body = String(repeating: "    call()\n", count: lines - 2)
            return SourceFile(path: path, text: "func f() {\n\(body)}\n")
        }
        #expect(functionLength(file("Sources/Domain/X.swift", lines: 60)).isEmpty)
        #expect(functionLength(file("Sources/Domain/X.swift", lines: 61)).count == 1)
        #expect(functionLength(file("Tests/DomainTests/X.swift", lines: 80)).isEmpty)
        #expect(functionLength(file("Tests/DomainTests/X.swift", lines: 81)).count == 1)
    }
}
