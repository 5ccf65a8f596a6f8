import Secrets
import Testing

@Suite struct SecretTextTests {
    private let secret = SecretText("open sesame")

    @Test func `no way of printing shows it`() {
        struct Holder { let secret: SecretText }
        var dumped = ""
        dump(Holder(secret: secret), to: &dumped)
        let prints = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])",
            "\(Optional(secret) as Any)", "\(Holder(secret: secret))", dumped,
        ]
        for print in prints {
            #expect(print.contains("•••"))
            #expect(!print.contains("sesame"))
        }
    }

    @Test func `it can be revealed and compared`() {
        #expect(secret.reveal() == "open sesame")
        #expect(secret.revealBytes() == Array("open sesame".utf8))
        #expect(secret.count == 11)
        #expect(secret == SecretText(Array("open sesame".utf8)))
        #expect(secret != SecretText("open sesamf") && secret != SecretText("open"))
        #expect(SecretText("") == SecretText([UInt8]()) && SecretText("").reveal().isEmpty)
    }

    @Test func `the bytes it was made from stay as they are`() {
        let bytes = Array("still here".utf8)
        do { _ = SecretText(bytes) }
        #expect(bytes == Array("still here".utf8))
    }
}
