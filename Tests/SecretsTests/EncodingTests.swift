import Secrets
import Testing

@Suite struct EncodingTests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `base64 gives the vectors of RFC 4648`(plain: String, encoded: String) {
        #expect(base64(plain.utf8) == encoded)
        #expect(decodeBase64(encoded) == Array(plain.utf8))
        #expect(base64URL(plain.utf8) == encoded.filter { $0 != "=" })
        #expect(decodeBase64URL(encoded.filter { $0 != "=" }) == Array(plain.utf8))
    }

    @Test(arguments: ["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zm 9v", "Zm9v\n", "Zm-_", "Z"])
    func `base64 that is not canonical is refused`(text: String) {
        #expect(decodeBase64(text) == nil)
    }

    @Test(arguments: ["Zh", "Z", "Zg==", "Zm+/", "Zm9v "])
    func `base64url that is not canonical is refused`(text: String) {
        #expect(decodeBase64URL(text) == nil)
    }

    @Test func `every byte survives every encoding`() {
        let bytes = (0...255).map { UInt8($0) }
        #expect(decodeBase64(base64(bytes)) == bytes)
        #expect(decodeBase64URL(base64URL(bytes)) == bytes)
        #expect(decodeHex(hex(bytes)) == bytes)
        #expect(decodeHex("0aFF") == [10, 255])
    }

    @Test(arguments: ["0", "0g", "é0", " 0"]) func `what is no hexadecimal is refused`(text: String) {
        #expect(decodeHex(text) == nil)
    }

    @Test func `percent-encoding keeps what is unreserved`() {
        #expect(percentEncoded("aZ0-._~".utf8) == "aZ0-._~")
        #expect(percentEncoded("a b/é+".utf8) == "a%20b%2F%C3%A9%2B")
    }
}
