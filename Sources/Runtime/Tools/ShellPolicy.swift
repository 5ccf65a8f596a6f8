internal import Domain

/// Which commands a role may run: rules of words, held against the words of the parsed command.
///
/// A rule such as `git push` fits a command that begins with these words; a word of a rule may hold `*` and
/// `?`. A denied command is refused; where there are allowed ones, every command must be one of them. The
/// sandbox is the wall; this is the sign on it.
struct ShellPolicy {
    private let allow: [[String]]
    private let deny: [[String]]

    init(_ rules: ToolProfileSpec.Shell) {
        allow = rules.allow.map { $0.split(separator: " ").map(String.init) }.filter { !$0.isEmpty }
        deny = rules.deny.map { $0.split(separator: " ").map(String.init) }.filter { !$0.isEmpty }
    }

    /// Why a command line may not run, naming the rule; nil when it may.
    func refusal(of command: String) -> String? {
        if allow.isEmpty, deny.isEmpty { return nil }
        guard let commands = simpleCommands(of: command) else {
            return "The shell policy could not read the command; write it more simply"
        }
        for words in commands {
            let shown = words.joined(separator: " ")
            if let rule = deny.first(where: { fits($0, words) }) {
                return "The shell policy denies `\(rule.joined(separator: " "))`: \(shown)"
            }
            if !allow.isEmpty, !allow.contains(where: { fits($0, words) }) {
                let allowed = allow.map { $0.joined(separator: " ") }.joined(separator: ", ")
                return "The shell policy does not allow `\(shown)`; allowed: \(allowed)"
            }
        }
        return nil
    }

    private func fits(_ rule: [String], _ words: [String]) -> Bool {
        guard words.count >= rule.count else { return false }
        return zip(rule, words).enumerated().allSatisfy { index, pair in
            globMatches(pair.0, pair.1) || (index == 0 && globMatches(pair.0, baseName(pair.1)))
        }
    }
}

/// The simple commands a shell command line is made of, also those of substitutions and of `sh -c`; nil when
/// the quoting is broken or it is nested too deep.
func simpleCommands(of text: String, depth: Int = 0) -> [[String]]? {
    guard depth < 8 else { return nil }
    var parser = ShellParser(text)
    guard parser.run() else { return nil }
    var commands: [[String]] = []
    for words in parser.commands {
        let own = withoutPrefixes(words)
        if own.isEmpty { continue }
        commands.append(own)
        guard ["sh", "bash", "dash", "eval"].contains(baseName(own[0])) else { continue }
        let nested =
            own[0] == "eval" ? own.dropFirst().joined(separator: " ") : argument(after: "-c", in: own)
        if let nested {
            guard let inner = simpleCommands(of: nested, depth: depth + 1) else { return nil }
            commands += inner
        }
    }
    for nested in parser.substitutions {
        guard let inner = simpleCommands(of: nested, depth: depth + 1) else { return nil }
        commands += inner
    }
    return commands
}

private func baseName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

private func argument(after option: String, in words: [String]) -> String? {
    guard let place = words.firstIndex(where: { $0.hasPrefix("-") && $0.hasSuffix("c") || $0 == option }),
        place + 1 < words.count
    else { return nil }
    return words[place + 1]
}

/// Drops assignments, keywords and programs that only run another one.
private func withoutPrefixes(_ words: [String]) -> [String] {
    let keywords: Set<String> = [
        "if", "then", "else", "elif", "fi", "while", "until", "do", "done", "for", "case", "esac", "in", "{",
        "}", "!",
        "time",
    ]
    var rest = words[...]
    while let first = rest.first {
        if keywords.contains(first) || isAssignment(first) {
            rest.removeFirst()
        } else if let valued = runners[baseName(first)] {
            rest.removeFirst()
            while let next = rest.first, next.hasPrefix("-") || isAssignment(next) {
                rest.removeFirst()
                if takesNextWord(next, valued) { rest = rest.dropFirst() }
            }
        } else {
            break
        }
    }
    return Array(rest)
}

/// Programs that run the command in their arguments; and their options whose value may be the next word,
/// those of one letter first.
private let runners: [String: (letters: String, names: Set<String>)] = [
    "command": ("", []), "nohup": ("", []), "builtin": ("", []), "setsid": ("", []), "exec": ("a", []),
    "env": ("uC", ["--unset", "--chdir"]), "nice": ("n", ["--adjustment"]),
    "xargs": (
        "adEILnPs", ["--arg-file", "--delimiter", "--max-args", "--max-procs", "--max-chars"]
    ),
]

/// Whether an option has its value in the next word: letters may stand together, and the first one that takes
/// a value takes what is behind it, where there is something.
private func takesNextWord(_ option: String, _ valued: (letters: String, names: Set<String>)) -> Bool {
    if option.hasPrefix("--") { return valued.names.contains(option) }
    return option.dropFirst().firstIndex(where: valued.letters.contains).map {
        option.index(after: $0) == option.endIndex
    } ?? false
}

private func isAssignment(_ word: String) -> Bool {
    guard let equals = word.firstIndex(of: "="), equals != word.startIndex else { return false }
    return word[..<equals].allSatisfy { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
}

/// Splits a command line into simple commands of words, quotes removed; what is substituted is collected
/// apart.
private struct ShellParser {
    private let text: [Character]
    private var place = 0
    private var word: String?
    private var words: [String] = []
    private(set) var commands: [[String]] = []
    private(set) var substitutions: [String] = []

    init(_ text: String) { self.text = Array(text) }

    mutating func run() -> Bool {
        while place < text.count {
            let character = text[place]
            place += 1
            switch character {
            case "'": guard quote(until: "'", expands: false) else { return false }
            case "\"": guard quote(until: "\"", expands: true) else { return false }
            case "\\":
                if place < text.count, text[place] != "\n" { take(text[place]) }
                place += 1
            case "`", "$": guard substitution(after: character) else { return false }
            case " ", "\t": endWord()
            case "#" where word == nil: while place < text.count, text[place] != "\n" { place += 1 }
            case "\n", "\r\n", ";", "|", "&", "(", ")": endCommand()
            case "<", ">": guard redirection() else { return false }
            default: take(character)
            }
        }
        endCommand()
        return true
    }

    private mutating func take(_ character: Character) { word = (word ?? "") + String(character) }

    private mutating func endWord() {
        if let word { words.append(word) }
        word = nil
    }

    private mutating func endCommand() {
        endWord()
        if !words.isEmpty { commands.append(words) }
        words = []
    }

    private mutating func quote(until end: Character, expands: Bool) -> Bool {
        word = word ?? ""
        while place < text.count {
            let character = text[place]
            place += 1
            if character == end { return true }
            if expands, character == "\\", place < text.count {
                take(text[place])
                place += 1
            } else if expands, character == "`" || character == "$" {
                guard substitution(after: character) else { return false }
            } else {
                take(character)
            }
        }
        return false
    }

    /// `$(…)` and backquotes hold commands of their own; another `$` stands for a text nobody knows yet.
    private mutating func substitution(after sign: Character) -> Bool {
        word = word ?? ""
        if sign == "`" {
            guard let end = text[place...].firstIndex(of: "`") else { return false }
            substitutions.append(String(text[place..<end]))
            place = end + 1
            return true
        }
        guard place < text.count, text[place] == "(" else {
            take("$")
            return true
        }
        var depth = 0
        for index in place..<text.count {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0 {
                substitutions.append(String(text[place + 1..<index]))
                place = index + 1
                return true
            }
        }
        return false
    }

    /// The target of a redirection is no word of the command; `2>` is dropped with its number.
    private mutating func redirection() -> Bool {
        if let word, word.allSatisfy(\.isNumber) { self.word = nil }
        endWord()
        // Quoted or not, what is read here is dropped.
        defer { word = nil }
        while place < text.count, [">", "<", "&", " ", "-"].contains(text[place]) { place += 1 }
        while place < text.count, ![" ", "\t", "\n", ";", "|", "&", "(", ")", "<", ">"].contains(text[place])
        {
            let character = text[place]
            place += 1
            switch character {
            case "'": guard quote(until: "'", expands: false) else { return false }
            case "\"": guard quote(until: "\"", expands: true) else { return false }
            case "\\": place += 1
            case "`", "$": guard substitution(after: character) else { return false }
            default: break
            }
        }
        return true
    }
}
