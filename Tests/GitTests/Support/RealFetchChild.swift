import Git
import Glibc
import Testing

extension FetchChild {
    private static let marker = "AGIRUNNER_TEST_IS_FETCH_CHILD"

    /// Whether this process is such a child.
    static var isThisProcess: Bool { unsafe getenv(marker) != nil }

    /// A real fetch child: this test program once more, running nothing but `FetchChildEntry`.
    static var testProgram: FetchChild {
        var environment = [marker: "1"]
        // Where the loader finds Swift's own libraries, if somebody had to say it.
        if let path = unsafe getenv("LD_LIBRARY_PATH") {
            environment["LD_LIBRARY_PATH"] = unsafe String(cString: path)
        }
        return FetchChild(
            arguments: ["--testing-library", "swift-testing", "--filter", "FetchChildEntry"],
            environment: environment
        )
    }
}

/// No test: the entry point of the test program when it was started as a fetch child.
@Suite struct FetchChildEntry {
    @Test(.enabled(if: FetchChild.isThisProcess)) func `the program is a fetch child`() {
        runFetchChild()
    }
}
