internal import Domain

// Whose signatures the commits of a source must carry.
extension Shape {
    /// How long the list of signers may be, in characters: some five hundred keys.
    private static let signersLimit = 65_536

    static let verify: Fields = [
        .defaulted(
            "mode",
            .word("tip", "range", "off"),
            "off",
            "Which commits must be signed: the one that is applied, every one since the commit in force, "
                + "or none."
        ),
        .optional(
            "allowedSigners",
            .prose(signersLimit),
            "Whose SSH signatures count, a line for each key, as in ALLOWED SIGNERS of ssh-keygen(1)."
        ),
    ]
}

/// Reports each line of a list of signers that cannot be read, and a mode that has nobody's signatures.
func checkSigners(_ verify: Place?, _ findings: inout Findings) {
    guard let verify else { return }
    let mode = verify["mode"]?.text
    let isOn = mode == "tip" || mode == "range"
    guard let place = verify["allowedSigners"], let text = place.text else {
        guard isOn, let mode, verify["allowedSigners"] == nil else { return }
        return findings.reportMissing(
            "allowedSigners",
            in: verify,
            "must be present for the mode \(mode)",
            code: .noSigners
        )
    }
    var signers = 0
    var mistakes = 0
    for (number, line) in AllowedSigner.lines(text) {
        switch line {
        case .success(let signer): signers += signer == nil ? 0 : 1
        case .failure(let mistake):
            mistakes += 1
            findings.report(
                .malformed,
                at: place.line(number),
                field: place.field,
                "line \(number) of \(place.name) \(mistake.message)",
                fix: "NAMES [OPTIONS] TYPE KEY, as in ALLOWED SIGNERS of ssh-keygen(1)"
            )
        }
    }
    if isOn, signers + mistakes == 0 {
        findings.report(.noSigners, place, "must name somebody whose signatures count")
    }
}

extension Place {
    /// Where a line of a text stands: in its block, or nowhere nearer than the whole text.
    func line(_ number: Int) -> TextSpan {
        let line = node.span.start.line + number
        guard case .scalar(_, .block) = node.content, line < node.span.end.line else { return node.span }
        // A block is indented by two as a rule; its text is not kept as it was written.
        let start = TextPosition(line: line, column: mark.start.column + 2)
        return TextSpan(start: start, end: start).first(1)
    }
}
