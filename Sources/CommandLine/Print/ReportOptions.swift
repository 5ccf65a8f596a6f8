import ArgumentParser
import Catalog
import Domain
import Outbound
import Reconciler

/// In which form a report is printed.
enum ReportFormat: String {
    case text, json, markdown

    /// The form a person asked for; *throws* for any other word.
    init(_ word: String) throws {
        guard let format = ReportFormat(rawValue: word) else {
            throw CommandFailure("-o must be text, json or markdown, not '\(word)'")
        }
        self = format
    }
}

/// What a report is of.
struct ReportHeading {
    /// What was asked, such as `Plan for GitSource/main`.
    let title: String
    /// What everything is compared with, and what it is compared to.
    let from: String
    let to: String
    /// What happens to the changes: "to create" in a plan, "created" between two commits.
    var isFuture = true
}

extension ChangeReport {
    /// The report in a form, ends without a newline.
    func shown(_ heading: ReportHeading, as format: ReportFormat) throws -> String {
        switch format {
        case .text: text(heading)
        case .markdown: markdown(heading)
        case .json:
            try Value(encoding: self).merging([
                "from": .string(heading.from), "to": .string(heading.to),
                "hasChanges": .bool(hasChanges), "hasErrors": .bool(hasErrors),
            ]).prettyJSON
        }
    }

    /// One line that counts, such as `1 to create, 2 to change, 1 kept`.
    func summary(_ heading: ReportHeading) -> String {
        let acts: [(ObjectChange.Act, String, String)] = [
            (.create, "to create", "created"), (.change, "to change", "changed"),
            (.delete, "to delete", "deleted"), (.move, "moved", "moved"), (.hold, "kept", "kept"),
            (.invalid, "held back by errors", "held back by errors"),
        ]
        var parts = acts.compactMap { act, future, past in
            count(act) == 0 ? nil : "\(count(act)) \(heading.isFuture ? future : past)"
        }
        if !conflicts.isEmpty { parts.append("\(conflicts.count) in conflict") }
        if !heldByBrake.isEmpty { parts.append("\(heldByBrake.count) not deleted") }
        return parts.isEmpty ? "no changes" : parts.joined(separator: ", ")
    }
}

/// How a command that compares ends.
enum ComparisonExit {
    /// Ends with the code for what was found: an error 1, changes 2.
    static func detailed(_ report: ChangeReport) throws {
        if report.hasErrors { throw ExitCode(1) }
        if report.hasChanges { throw ExitCode(2) }
    }

    /// Ends as kubectl's diff does: changes 1, an error 2.
    private static func plain(_ report: ChangeReport) throws {
        if report.hasErrors { throw ExitCode(2) }
        if report.hasChanges { throw ExitCode(1) }
    }

    /// Ends with what a comparison found; what fails ends with 2 where 1 says that something differs, else
    /// with 1.
    static func of(detailed: Bool, _ compare: () async throws -> ChangeReport) async throws {
        let code: Int32 = detailed ? 1 : 2
        let report: ChangeReport
        do {
            report = try await compare()
        } catch is ExitCode {
            // What is wrong with the files was told.
            throw ExitCode(code)
        } catch let failure as CommandFailure {
            throw CommandFailure(failure.message, reason: failure.reason, exitCode: code)
        } catch let error as OutboundError {
            throw CommandFailure(error, exitCode: code)
        } catch {
            throw CommandFailure("\(error)", exitCode: code)
        }
        try detailed ? self.detailed(report) : plain(report)
    }
}
