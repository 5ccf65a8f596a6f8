internal import Domain
internal import Secrets

/// The name of the object of an id: the id itself, or where that is no name an object can have, one made
/// from it that no other id has.
func objectName(ofID id: String) -> String {
    isDNSLabel(id) ? id : labelled(id, limit: 54) + "-" + mark(of: id)
}

/// The name of a stage: what the catalog calls it, or that in the letters that names here are made of.
///
/// `taken` are the names of stages before it and of those that are called by their own.
func stageName(_ text: String, position: Int, among taken: Set<String>) -> String {
    guard !isDNSLabel(text) else { return text }
    let name = text.isEmpty ? "stage-\(position + 1)" : labelled(text, limit: 54)
    return taken.contains(name) ? name + "-" + mark(of: text) : name
}

/// The name of a parameter, for one that the catalog may call anything; `taken` as for a stage.
func parameterName(_ text: String, position: Int, among taken: Set<String>) -> String {
    guard !TextFormat.parameterName.accepts(text) else { return text }
    let letters = text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    let name = String(letters.drop { $0 == "_" })
    let fitting = name.isEmpty ? "parameter_\(position + 1)" : name
    return taken.contains(fitting) ? fitting + "_" + mark(of: text) : fitting
}

/// The version of a playbook, for one that the catalog may call anything.
func versionText(_ text: String) -> String {
    guard !TextFormat.version.accepts(text) else { return text }
    let letters = text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._+-".contains($0)) ? $0 : "_" }
    return "0-x" + String(letters.prefix(40)) + "." + mark(of: text)
}

/// The letters, digits and dashes of a text, lower case, as a name that fits.
private func labelled(_ text: String, limit: Int) -> String {
    var name = ""
    for character in text.lowercased() {
        if character.isASCII, character.isLetter || character.isNumber {
            name.append(character)
        } else if name.last != "-", !name.isEmpty {
            name.append("-")
        }
    }
    name = String(name.prefix(limit))
    while name.last == "-" { name.removeLast() }
    return name.isEmpty ? "stage" : name
}

/// Eight letters that tell a text from others.
private func mark(of text: String) -> String { String(hex(sha256(Array(text.utf8))).prefix(8)) }
