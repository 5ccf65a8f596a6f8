import Foundation

/// A Markdown document whose `console` blocks are run: lines after `$ ` are typed, `> ` goes on with the line
/// before, and everything else is what the command prints.
struct ConsoleDocument {
    /// One command and what the document says it prints.
    struct Step {
        /// Without the prompts.
        let command: String
        let output: [String]
        /// The lines of the output, counted from 0.
        let place: Range<Int>
    }

    private(set) var lines: [String]
    private(set) var steps: [Step] = []

    init(_ text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var isConsole = false
        var command: [String] = []
        var start = 0
        func step(endingAt end: Int) -> [Step] {
            guard !command.isEmpty else { return [] }
            let text = command.joined(separator: "\n")
            return [Step(command: text, output: Array(lines[start..<end]), place: start..<end)]
        }
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("```") {
                if isConsole { steps += step(endingAt: index) }
                isConsole = !isConsole && line == "```console"
                command = []
            } else if isConsole, line.hasPrefix("$ ") {
                steps += step(endingAt: index)
                command = [String(line.dropFirst(2))]
                start = index + 1
            } else if isConsole, line.hasPrefix("> ") || line == ">", start == index {
                command.append(String(line.dropFirst(2)))
                start = index + 1
            }
        }
    }

    /// The document with the outputs of some steps in the place of the old ones.
    func replacing(_ outputs: [(step: Step, output: [String])]) -> String {
        var lines = lines
        for (step, output) in outputs.sorted(by: { $0.step.place.lowerBound > $1.step.place.lowerBound }) {
            lines.replaceSubrange(step.place, with: output)
        }
        return lines.joined(separator: "\n")
    }
}

/// Whether what was printed is what the document says, but for numbers, times, ids and columns.
///
/// A line `…` stands for any lines.
func agrees(_ documented: [String], with printed: [String]) -> Bool {
    var rest = printed.map(normalised)[...]
    var maySkip = false
    for line in documented {
        if line == "…" {
            maySkip = true
            continue
        }
        let wanted = normalised(line)
        guard let found = maySkip ? rest.firstIndex(of: wanted) : rest.first == wanted ? rest.startIndex : nil
        else { return false }
        rest = rest[(found + 1)...]
        maySkip = false
    }
    return maySkip || rest.isEmpty
}

/// A line without what differs from run to run; YAML quotes ids that begin with a digit.
func normalised(_ line: String) -> String {
    line.replacing(/local-[a-z0-9]+/, with: "local-#")
        .replacing("\"", with: "")
        .replacing(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, with: "#")
        .replacing(/agirunner-demo\.[A-Za-z0-9]+/, with: "agirunner-demo.#")
        .replacing(/\b(?=[0-9a-f]*[0-9])[0-9a-f]{7,64}\b/, with: "#")
        .replacing(/[0-9]+/, with: "#")
        .replacing(/(#[.:]?)+(ms|s|m|h|d)?\b/, with: "#")
        .replacing(/#(#|[a-z]\b)*/, with: "#")
        .replacing(/\ +/, with: " ")
        .trimmingCharacters(in: .whitespaces)
}
