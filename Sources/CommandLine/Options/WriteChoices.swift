import ArgumentParser
import Catalog
import Domain

/// Whether a change is only tried, and where.
enum DryRun: String, ExpressibleByArgument, CaseIterable {
    case none
    /// Nothing is asked of a server.
    case client
    /// The server judges it and answers what would be.
    case server

    /// What the lines of a verb end with.
    var mark: String {
        switch self {
        case .none: ""
        case .client: " (dry run)"
        case .server: " (server dry run)"
        }
    }

    /// The parameter of a changing request.
    var parameter: String? { self == .server ? "All" : nil }
}

/// How strictly the fields of an object are judged, as kubectl spells it.
enum FieldStrictness: ExpressibleByArgument {
    case strict, warn, ignore

    init?(argument: String) {
        switch argument {
        case "true", "strict": self = .strict
        case "warn": self = .warn
        case "false", "ignore": self = .ignore
        default: return nil
        }
    }

    static var allValueStrings: [String] { ["true", "strict", "warn", "false", "ignore"] }

    /// The parameter of a changing request.
    var parameter: String {
        switch self {
        case .strict: "Strict"
        case .warn: "Warn"
        case .ignore: "Ignore"
        }
    }

    /// What reading a file does with a field that no kind has.
    var unknownFields: LoadOptions.UnknownFields {
        switch self {
        case .strict: .refused
        case .warn: .warned
        case .ignore: .ignored
        }
    }
}

/// The options of the verbs that write what files hold.
struct WriteChoices: ParsableArguments {
    @Option(help: "none, client (needs no server) or server (which says what would be).")
    var dryRun = DryRun.none
    @OptionGroup var fields: FieldChoice

    /// The items of the query of a changing request.
    var items: [(String, String?)] { [("dryRun", dryRun.parameter), fields.item] }
}

/// The options of the verbs that change what the server has.
struct ChangeChoices: ParsableArguments {
    @Option(help: "none, client (which only reads the object) or server (which says what would be).")
    var dryRun = DryRun.none
    @OptionGroup var force: ForceChoice
}

/// What becomes of fields that no kind has.
struct FieldChoice: ParsableArguments {
    @Option(help: "true or strict, warn, or false or ignore: what becomes of fields that no kind has.")
    var validate = FieldStrictness.strict

    /// The item of the query of a changing request.
    var item: (String, String?) { ("fieldValidation", validate.parameter) }
}

/// Whether fields are taken from whoever holds them.
struct ForceChoice: ParsableArguments {
    @Flag(help: "Take the fields that others hold: other people, or the file that declares the object.")
    var forceConflicts = false

    /// The item of the query of a changing request.
    var item: (String, String?) { ("force", forceConflicts ? "true" : nil) }
}

/// How long to wait, as a person wrote it.
///
/// - Throws: a failure for what is no duration.
func timeLimit(_ text: String) throws -> Duration {
    guard let limit = Duration(text: text) else {
        throw CommandFailure("--timeout must be a duration such as 30s, and is '\(text)'")
    }
    return limit
}
