package import Domain
internal import Secrets

/// The digest of a value: `sha256:` and the hexadecimal digest of its canonical bytes.
package func digest(of value: Value) -> Digest { Digest(digestText(value.canonicalBytes)) }
