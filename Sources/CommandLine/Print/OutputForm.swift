import Domain

/// What `-o` asks for.
enum OutputForm {
    case table(isWide: Bool)
    case json
    case yaml
    case name
    case jsonpath(String)
    case columns(CustomColumns)

    /// Reads the option; *throws* a failure that lists the forms.
    init(_ option: String?) throws {
        let parts = (option ?? "").split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let detail = parts.count > 1 ? String(parts[1]) : nil
        switch (String(parts[0]), detail) {
        case ("", nil): self = .table(isWide: false)
        case ("wide", nil): self = .table(isWide: true)
        case ("json", nil): self = .json
        case ("yaml", nil): self = .yaml
        case ("name", nil): self = .name
        case ("jsonpath", let path?): self = .jsonpath(path)
        case ("custom-columns", let columns?): self = .columns(try CustomColumns(columns))
        default:
            throw CommandFailure(
                "-o must be json, yaml, wide, name, jsonpath=PATH or custom-columns=HEADER:PATH, "
                    + "not '\(option ?? "")'"
            )
        }
    }
}
